/**
 * The looks at each thread as samples, for profiler.firefox.com: a processed profile, version 47 (its types are in
 * src/types/profile.js of firefox-devtools/profiler; newer versions of the viewer upgrade it).
 */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { functionName, shortPath } from '../diagnosis/frame-text.ts'
import { buildRoster, processName, type Roster } from '../diagnosis/roster.ts'
import { type Frame, isUnknown, type Process, type Snapshot, type Thread } from '../snapshot/model.ts'

const PROFILE_VERSION = 27
const PROCESSED_VERSION = 47

/** Categories by whose code a frame is of; the viewer colours by them. */
const categories = [
  { name: 'Program', color: 'yellow', subcategories: ['Other'] },
  { name: 'Dependency', color: 'blue', subcategories: ['Other'] },
  { name: 'Node', color: 'grey', subcategories: ['Other'] },
]

export function renderFirefox(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const roster = buildRoster(snapshot)
  const threads = snapshot.processes.flatMap(process =>
    process.threads
      .filter(({ looks }) => looks.some(look => look.frames.length > 0))
      .map(thread => threadOf(thread, process, roster)),
  )
  const profile = {
    meta: {
      interval: 1,
      startTime: Date.parse(snapshot.capturedAt),
      processType: 0,
      product: `${diagnosis.verdict.status}: ${diagnosis.verdict.summary}`,
      stackwalk: 0,
      version: PROFILE_VERSION,
      preprocessedProfileVersion: PROCESSED_VERSION,
      symbolicationNotSupported: true,
      usesOnlyOneStackType: true,
      markerSchema: [],
      categories,
    },
    libs: [],
    threads,
    counters: [],
  }
  return `${JSON.stringify(profile, null, 1)}\n`
}

function threadOf(thread: Thread, process: Process, roster: Roster) {
  const tables = new Tables(process)
  const stacks = thread.looks.map(look => tables.stack(look.frames))
  const { length } = stacks
  return {
    processType: 'default',
    processName: `process ${processName(process)}`,
    processStartupTime: 0,
    processShutdownTime: null,
    registerTime: 0,
    unregisterTime: null,
    pausedRanges: [],
    name: roster.name(thread.id),
    isMainThread: thread.role === 'main',
    pid: String(process.pid),
    tid: isUnknown(thread.tid) ? thread.id : thread.tid,
    samples: {
      length,
      stack: stacks,
      time: thread.looks.map(({ at }) => at),
      weight: null,
      weightType: 'samples',
    },
    markers: { length: 0, category: [], data: [], endTime: [], name: [], phase: [], startTime: [] },
    ...tables.columns(),
    resourceTable: { length: 0, lib: [], name: [], host: [], type: [] },
    nativeSymbols: { length: 0, libIndex: [], address: [], name: [], functionSize: [] },
  }
}

interface Place {
  readonly func: number
  readonly category: number
  readonly line: number | null
  readonly column: number | null
}

/** The profile's tables of columns: equal strings, functions, frames and stacks stand in them once. */
class Tables {
  readonly #process: Process
  readonly #strings = new Table<string>()
  readonly #functions = new Table<{ name: number; file: number | null; isJS: boolean }>()
  readonly #frames = new Table<Place>()
  readonly #stacks = new Table<{ prefix: number | null; frame: number; category: number }>()

  constructor(process: Process) {
    this.#process = process
  }

  /** The number of a stack; null for an empty one. */
  stack(frames: readonly Frame[]): number | null {
    let prefix: number | null = null
    for (const frame of frames.toReversed()) {
      const category = frame.owner === 'program' ? 0 : frame.owner === 'dependency' ? 1 : 2
      prefix = this.#stacks.add({ prefix, frame: this.#frame(frame, category), category })
    }
    return prefix
  }

  #frame(frame: Frame, category: number): number {
    const { file, line, column, kind } = frame
    const func = this.#functions.add({
      name: this.#strings.add(functionName(frame)),
      file: isUnknown(file) ? null : this.#strings.add(shortPath(file, this.#process)),
      isJS: kind !== 'native',
    })
    return this.#frames.add({
      func,
      category,
      line: isUnknown(line) ? null : line,
      column: isUnknown(column) ? null : column,
    })
  }

  columns() {
    const functions = this.#functions.rows
    const frames = this.#frames.rows
    const stacks = this.#stacks.rows
    return {
      stackTable: {
        length: stacks.length,
        prefix: stacks.map(({ prefix }) => prefix),
        frame: stacks.map(({ frame }) => frame),
        category: stacks.map(({ category }) => category),
        subcategory: stacks.map(() => 0),
      },
      frameTable: {
        length: frames.length,
        address: frames.map(() => -1),
        inlineDepth: frames.map(() => 0),
        category: frames.map(({ category }) => category),
        subcategory: frames.map(() => 0),
        func: frames.map(({ func }) => func),
        nativeSymbol: frames.map(() => null),
        innerWindowID: frames.map(() => 0),
        implementation: frames.map(() => null),
        line: frames.map(({ line }) => line),
        column: frames.map(({ column }) => column),
      },
      funcTable: {
        length: functions.length,
        isJS: functions.map(({ isJS }) => isJS),
        relevantForJS: functions.map(() => false),
        name: functions.map(({ name }) => name),
        resource: functions.map(() => -1),
        fileName: functions.map(({ file }) => file),
        lineNumber: functions.map(() => null),
        columnNumber: functions.map(() => null),
      },
      stringArray: this.#strings.rows,
    }
  }
}

class Table<Row> {
  readonly rows: Row[] = []
  readonly #numbers = new Map<string, number>()

  add(row: Row): number {
    const key = JSON.stringify(row)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.rows.length)
    return this.rows.push(row) - 1
  }
}
