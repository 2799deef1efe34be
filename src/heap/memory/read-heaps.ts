/**
 * Reads the heaps of all isolates of a process, from its memory. Nothing is stopped, traced or written; a reading during which a thread ran is tried again,
 * and says so when it stays so.
 */
import type { AddressMap } from '../../memory/address-map.ts'
import { LiveMemory } from '../../memory/live-memory.ts'
import type { PagedMemory } from '../../memory/memory.ts'
import { isUnknown, type Unknown } from '../../snapshot/model.ts'
import type { HeapGraph } from '../graph.ts'
import { decodeHeap } from './decode.ts'
import { describeExecutable, type Executable } from './executable.ts'
import { MemoryGraph } from './graph.ts'
import { copyHeaps, copyHeapsOfCore, type FoundIsolate, type HeapCopy } from './heap-copy.ts'
import type { ThreadStackPointer } from './isolate-thread.ts'

export interface IsolateHeap {
  readonly graph: HeapGraph
  /** The kernel's number of the thread that runs it; undefined where no proof of it was found. */
  readonly tid: number | undefined
}

export interface HeapGap {
  readonly what: string
  readonly reason: string
  readonly remedy: string
}

export type HeapReading =
  /** `close` when no more will be asked. */
  { readonly heaps: readonly IsolateHeap[]; close(): void } | { readonly gap: HeapGap }

export interface ReadingOptions {
  /** Larger heaps are not read, bytes. */
  readonly largest?: number
  readonly attempts?: number
  /** How long it may take, milliseconds: looked at between the steps, the longest of which is half a second for 100 MB. */
  readonly limitMs?: number
  /** Is told what is being done, before each step. */
  readonly progress?: (step: string) => void
}

const LARGEST = 2 ** 30
const ATTEMPTS = 3

/** The first heap is that of the main thread, where that is known. Never throws. */
export async function readHeaps(pid: number, options: ReadingOptions = {}): Promise<HeapReading> {
  try {
    return await read(pid, options)
  } catch (error) {
    if (error instanceof TooLate)
      return gap(
        error.message,
        'Give the attach more time (--timeout), or look when the machine is less busy.',
      )
    return gap(`its heap could not be made sense of (${(error as Error).message})`)
  }
}

function gap(
  reason: string,
  remedy = 'Async tasks can be seen through the inspector, with --heap.',
): { readonly gap: HeapGap } {
  return { gap: { what: 'async tasks', reason, remedy } }
}

async function read(pid: number, options: ReadingOptions): Promise<HeapReading> {
  const { largest = LARGEST, attempts = ATTEMPTS, progress, limitMs = Infinity } = options
  const end = performance.now() + limitMs
  const pause = async () => {
    await immediate()
    if (performance.now() > end)
      throw new TooLate(`its heap could not be read within ${Math.round(limitMs)} ms`)
  }
  if (process.arch !== 'x64' || process.platform !== 'linux')
    return gap('heaps are read from memory on Linux for x86-64 only')
  progress?.('reading the executable')
  const executable = describeExecutable(`/proc/${pid}/exe`)
  if (isUnknown(executable)) return gap(executable.unknown)
  let copy: HeapCopy<LiveMemory> | undefined
  try {
    for (let attempt = 0; attempt < attempts && (copy === undefined || isTorn(copy)); attempt++) {
      progress?.('reading the heap')
      const memory = LiveMemory.open(pid, BUDGET)
      if (isUnknown(memory)) return gap(memory.unknown, 'Run impasse as the same user, with CAP_SYS_PTRACE.')
      const next = copyHeaps(pid, memory, executable.layout.version, largest)
      copy?.memory.close()
      if (isUnknown(next)) {
        memory.close()
        return gap(next.unknown)
      }
      copy = next
      await pause()
    }
    if (copy === undefined) return gap('it was not read')
    progress?.('looking for suspended functions')
    const { memory } = copy
    const heaps = await heapsIn(copy, executable, pid, pause)
    if (isUnknown(heaps)) {
      memory.close()
      return gap(heaps.unknown)
    }
    return { heaps, close: () => memory.close() }
  } catch (error) {
    copy?.memory.close()
    throw error
  }
}

/** The heap of each isolate in a copy, that of the main thread first. */
async function heapsIn(
  copy: HeapCopy,
  executable: Executable,
  pid: number,
  pause: () => Promise<void>,
): Promise<readonly IsolateHeap[] | Unknown> {
  const { arena, roots, memory, isolates } = copy
  const image = await decodeHeap(arena, roots, executable, memory, pause)
  if (isUnknown(image)) return image
  const heaps = isolates.map(found => {
    const consistent = hasRun(found, copy) ? MOVED : roots.skipped > 0 ? SKIPPED : true
    return { graph: new MemoryGraph(image, found, consistent), tid: found.tid }
  })
  return heaps.sort((a, b) => Number(b.tid === pid) - Number(a.tid === pid))
}

/** A core, with what has to be known of it. */
export interface CoreOfHeaps {
  readonly pid: number
  /** Whoever opened it closes it, when no more will be asked of the heaps. */
  readonly memory: PagedMemory
  readonly map: AddressMap
  /** Of all its threads. */
  readonly stacks: readonly ThreadStackPointer[]
  /** Where the executable is. */
  readonly executable: string
}

/** The same of a core file: all of it is of one moment. Never throws. */
export async function readHeapsOfCore(core: CoreOfHeaps, largest: number = LARGEST): Promise<HeapReading> {
  const remedy = 'Their state at one moment is in the core; V8 of another version may be needed to read it.'
  try {
    const executable = describeExecutable(core.executable)
    if (isUnknown(executable)) return gap(executable.unknown, remedy)
    const { memory, map, stacks, pid } = core
    const copy = copyHeapsOfCore(memory, map, stacks, executable.layout.version, largest)
    if (isUnknown(copy)) return gap(copy.unknown, remedy)
    const heaps = await heapsIn(copy, executable, pid, immediate)
    return isUnknown(heaps) ? gap(heaps.unknown, remedy) : { heaps, close: () => {} }
  } catch (error) {
    return gap(`its heap could not be made sense of (${(error as Error).message})`, remedy)
  }
}

const MOVED = 'its thread, or one that helps it, ran while its memory was read'
const SKIPPED = 'it has so much memory beside its heap that not all of it was looked through for references'
/** Texts outside of V8's heap are read when they are asked for: more than any process has. */
const BUDGET = 2 ** 45

/** Whether the heap of an isolate may have changed meanwhile. */
function isTorn(copy: HeapCopy): boolean {
  return copy.isolates.some(isolate => hasRun(isolate, copy))
}

/**
 * Whether an isolate's thread ran, or one that runs no isolate: V8's helpers move objects, and while they do it the isolate's own thread
 * waits for them.
 */
function hasRun({ tid }: FoundIsolate, { isolates, moved }: HeapCopy): boolean {
  return [...moved].some(
    other => tid === undefined || other === tid || !isolates.some(isolate => isolate.tid === other),
  )
}

class TooLate extends Error {}

/** Lets timers and signals of our own come in between. */
function immediate(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
