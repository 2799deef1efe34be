/**
 * A heap snapshot that somebody wrote (`v8.writeHeapSnapshot()`, `--heapsnapshot-signal`, DevTools) as a snapshot of ours:
 * the suspended functions of one thread at one moment. What was on a stack then, and what the thread did, is not in it.
 */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import type { HeapGraph } from '../heap/graph.ts'
import { HeapTables } from '../heap/snapshot/heap-tables.ts'
import { isTextOf, type ScriptNode, scriptNodes } from '../heap/snapshot/script-nodes.ts'
import { readHeapSnapshotFile } from '../heap/snapshot/snapshot-file.ts'
import { SnapshotGraph } from '../heap/snapshot/snapshot-graph.ts'
import { textOf } from '../process/proc.ts'
import type { Gap, Process, Snapshot, Thread } from '../snapshot/model.ts'
import { redactedArguments } from '../snapshot/secrets.ts'
import { pathOf } from '../sources/script-url.ts'
import { TOOL } from '../version.ts'
import { tasksOfHeaps } from './async-tasks.ts'
import { type ProcessFacts, processFacts } from './heap-process.ts'

const untold = { unknown: 'a heap snapshot does not tell' }

export async function snapshotOfHeapFile(file: string): Promise<Snapshot> {
  const raw = await readHeapSnapshotFile(file)
  const tables = new HeapTables(raw)
  const texts = new ScriptTexts(scriptNodes(tables))
  const graph = new SnapshotGraph(raw, {
    url: scriptId => texts.url(scriptId),
    text: scriptId => texts.of(scriptId),
    // Only the living process tells.
    locate: async () => new Map(),
  })
  const written = statSync(file).mtime
  const name = namedIn(basename(file))
  const facts = processFacts(tables)
  const pid = name.pid ?? facts.pid ?? 0
  const thread = threadOf(pid, name.thread ?? 0)
  const none = { resources: [], holds: [], productions: [], waits: [] }
  const files = { readFile: (path: string) => textOf(path), isChanged: () => false }
  const found = await tasksOfHeaps(`p${pid}`, files, [{ party: thread.id, heap: graph }], none, {})
  const gaps = gapsOf(graph, texts, name.thread === undefined, thread.id)
  return {
    format: 'impasse-snapshot',
    version: 2,
    tool: { name: 'impasse', version: `${TOOL.version}, from a heap snapshot of V8` },
    host: {
      name: untold,
      platform: facts.platform ?? 'unknown',
      arch: facts.arch ?? 'unknown',
      kernel: 'unknown',
    },
    capturedAt: written.toISOString(),
    looks: 1,
    cost: { wallMs: 0, pausedWaves: 0 },
    processes: [processOf(pid, facts, thread, found.tasks, [...gaps, ...found.gaps])],
    ...found.facts,
  }
}

/** `Heap.20261127.114600.4242.0.001.heapsnapshot`, as Node names them: the pid and the number of the thread. */
function namedIn(file: string): { readonly pid?: number; readonly thread?: number } {
  const parts = /^Heap\.\d{8}\.\d{6}\.(\d{1,10})\.(\d{1,6})\.\d+\.heapsnapshot/.exec(file)
  return parts === null ? {} : { pid: Number(parts[1]), thread: Number(parts[2]) }
}

function threadOf(pid: number, threadId: number): Thread {
  return {
    id: `p${pid}/t${threadId}`,
    tid: threadId === 0 && pid !== 0 ? pid : untold,
    threadId,
    name: threadId === 0 ? 'main' : '',
    role: threadId === 0 ? 'main' : 'worker',
    seenBy: ['memory'],
    looks: [
      {
        at: 0,
        activity: { kind: 'unknown', why: 'a heap snapshot does not tell what a thread does' },
        frames: [],
        kernel: untold,
      },
    ],
  }
}

function processOf(
  pid: number,
  { argv, execArgv, version, v8, arch, executable }: ProcessFacts,
  thread: Thread,
  tasks: NonNullable<Process['tasks']>,
  gaps: readonly Gap[],
): Process {
  return {
    id: `p${pid}`,
    pid,
    startTicks: 0,
    startedAt: untold,
    argv: redactedArguments(argv),
    execArgv: redactedArguments(execArgv),
    executable: executable ?? '',
    cwd: untold,
    uid: -1,
    runtime: {
      name: 'node',
      version: version ?? untold,
      v8: v8 ?? untold,
      arch: arch ?? 'unknown',
    },
    inspector: { access: 'none', port: null },
    pausedMs: 0,
    threads: [thread],
    tasks,
    gaps,
    connections: [],
  }
}

function gapsOf(graph: HeapGraph, texts: ScriptTexts, threadUntold: boolean, thread: string): readonly Gap[] {
  const gaps: Gap[] = [
    {
      what: 'stacks, threads, and what moves',
      reason: `A heap snapshot is one look at the objects of one thread${threadUntold ? ', and does not tell of which' : ''}: functions on a stack, other threads and what the event loop waits for are not in it.`,
      remedy: 'impasse <pid> while the process stands still, or a core file of it',
      thread,
    },
    {
      what: 'at which await a function stands',
      reason:
        'A heap snapshot does not tell. It is worked out from the source where a function has one only, or where one only fits what it waits for; without it a function is shown where it begins.',
      remedy: 'impasse <pid> --heap while the process stands still',
      thread,
    },
  ]
  if (graph.withoutNumbers === true)
    gaps.push({
      what: 'the numbers by which locks count',
      reason:
        'V8 leaves numbers out of a heap snapshot unless it is told otherwise: of queues and semaphores nothing is claimed that rests on how many they let in.',
      remedy: 'v8.writeHeapSnapshot(file, { exposeNumericValues: true })',
      thread,
    })
  const missing = new Set(
    graph.activations().flatMap(({ code }) => {
      const { place } = code
      if (place === undefined || pathOf(place.script) === undefined) return []
      return texts.of(place.scriptId) === undefined ? [place.script] : []
    }),
  )
  if (missing.size > 0)
    gaps.push({
      what: `the source of ${[...missing].slice(0, 3).join(', ')}${missing.size > 3 ? ` and ${missing.size - 3} more` : ''}`,
      reason: 'V8 writes the beginning of a text only, and there is no file here that is the same.',
      remedy: 'impasse report where the program is, in the state in which it ran',
      thread,
    })
  return gaps
}

/** The texts of scripts: whole where the snapshot has all of it, else from a file here that is surely the same. */
class ScriptTexts {
  readonly #scripts: ReadonlyMap<number, ScriptNode>
  readonly #texts = new Map<number, string | undefined>()

  constructor(scripts: ReadonlyMap<number, ScriptNode>) {
    this.#scripts = scripts
  }

  url(scriptId: number): string {
    return this.#scripts.get(scriptId)?.url ?? ''
  }

  of(scriptId: number): string | undefined {
    if (!this.#texts.has(scriptId)) this.#texts.set(scriptId, this.#read(scriptId))
    return this.#texts.get(scriptId)
  }

  #read(scriptId: number): string | undefined {
    const script = this.#scripts.get(scriptId)
    if (script?.beginning === undefined) return undefined
    if (script.bytes >= 8 && isTextOf(script, script.beginning)) return script.beginning
    const path = pathOf(script.url)
    const text = path === undefined ? undefined : textOf(path)
    return text !== undefined && isTextOf(script, text) ? text : undefined
  }
}
