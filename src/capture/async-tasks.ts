/**
 * Suspended functions: who waits for what without any thread being blocked. Looked for where the main thread idles in its
 * event loop, in the heap of each thread as one of the sources gives it.
 */
import type { Activation, HeapGraph, HeapPlace } from '../heap/graph.ts'
import { MemoryGraph } from '../heap/memory/graph.ts'
import type { HeapReading } from '../heap/memory/read-heaps.ts'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { joinFacts } from '../locks/join-facts.ts'
import { loopHold, loopOf } from '../locks/parked-loop.ts'
import { adapters } from '../locks/promises/adapters/adapters.ts'
import { asyncWaits } from '../locks/promises/async-waits.ts'
import { promiseFacts } from '../locks/promises/promise-facts.ts'
import type { LockFacts } from '../locks/recognise.ts'
import type { StackFunction } from '../memory/stack-functions.ts'
import type { Heap } from '../memory/v8/heap.ts'
import { memoryLimitOf } from '../process/control-groups.ts'
import { readThreadStat, startTime } from '../process/stat.ts'
import type { Target } from '../process/target.ts'
import type { Gap, Resource, Task, Thread } from '../snapshot/model.ts'
import { type Clock, sleep } from './clock.ts'
import type { Inside } from './inside.ts'
import type { CaptureOptions } from './options.ts'
import { partyOf } from './party.ts'
import { readTargetFile } from './target-files.ts'
import { type ProcessFiles, TaskFrames } from './task-frames.ts'

/** Heaps as they were before anything was asked of the process: what a collection would erase is still there. */
export interface EarlyHeaps {
  readonly reading: HeapReading
  close(): void
}

/** No more than this part of the time that is left goes into reading heaps. */
const PART_OF_TIME = 0.4

/** Reads the memory of a process; nothing of it is stopped or asked. */
export async function readEarly(target: Target, options: CaptureOptions, clock: Clock): Promise<EarlyHeaps> {
  const { readHeaps } = await import('../heap/memory/read-heaps.ts')
  const { onProgress } = options
  const reading = await readHeaps(target.pid, {
    limitMs: clock.limit(Infinity) * PART_OF_TIME,
    ...(onProgress === undefined ? {} : { progress: onProgress }),
  })
  return { reading, close: () => ('close' in reading ? reading.close() : undefined) }
}

/** The heaps that were read, by the threads that they belong to. */
export function threadHeaps(
  pid: number,
  { reading }: EarlyHeaps,
  threads: readonly Thread[],
): { readonly heaps: readonly ThreadHeap[]; readonly gaps: readonly Gap[] } {
  if ('gap' in reading) return { heaps: [], gaps: [reading.gap] }
  const gaps: Gap[] = []
  const heaps = reading.heaps.flatMap(({ graph, tid }, at): readonly ThreadHeap[] => {
    // Of a single heap it is clear whose it is.
    const known = tid ?? (at === 0 && reading.heaps.length === 1 ? pid : undefined)
    const thread = threads.find(one => one.tid === known)
    if (thread === undefined) return []
    if (graph.consistent === true) return [{ party: thread.id, tid: known, heap: graph }]
    gaps.push({
      what: 'suspended async functions',
      reason: `They change too fast to be told: ${graph.consistent}.`,
      remedy: 'Look again when it is quieter.',
      thread: thread.id,
    })
    return []
  })
  return { heaps, gaps }
}

/** The heap of one thread. */
export interface ThreadHeap {
  /** Its party: `p4242/t0`. */
  readonly party: string
  /** The kernel's number of the thread. */
  readonly tid?: number | undefined
  readonly heap: HeapGraph
}

export interface AsyncTasks {
  readonly facts: LockFacts
  readonly tasks: readonly Task[]
  readonly gaps: readonly Gap[]
  /** By party: the functions of its tasks, where they were read from memory. */
  readonly suspended?: SuspendedStacks | undefined
}

/** The functions of tasks, innermost first, as those on a stack are told. */
export interface SuspendedStacks {
  /** What their values are read in: the objects as they were when the tasks were found. */
  readonly heap: Heap
  readonly stacks: ReadonlyMap<string, readonly StackFunction[]>
  /** Whether they are those of all threads that run JavaScript. */
  readonly complete: boolean
}

/** Measured: what a snapshot takes at least, and for each megabyte, milliseconds. */
const SNAPSHOT_MS = 200
const SNAPSHOT_MS_PER_MB = 150
/** Without being asked for, a snapshot may take so long. */
const CHEAP_MS = 1000
/** It may grow the process by so many times its heap. */
const GROWTH = 10
const ANSWER_MS = 1000

/**
 * Adds to `facts` what the suspended functions of a thread wait for. `living`: the process that the heaps are of, where it is
 * still there: then the time that timers have left is told.
 */
export async function tasksOfHeaps(
  process: string,
  files: ProcessFiles,
  heaps: readonly ThreadHeap[],
  facts: LockFacts,
  options: Pick<CaptureOptions, 'lockAdapters'>,
  living?: number,
  parked: ReadonlySet<string> = new Set(),
): Promise<AsyncTasks> {
  let joined = facts
  const tasks: Task[] = []
  const stacks = new Map<string, readonly StackFunction[]>()
  let byAddress: Heap | undefined
  for (const { party, tid, heap } of heaps) {
    const waits = await asyncWaits(heap)
    const frames = new TaskFrames(files, heap)
    const called = waits.tasks.flatMap(({ activations }) => activations)
    await frames.prepare([...waits.graph.activations.values(), ...called])
    const firstTask = firstFree(joined, party)
    const stands = parked.has(party) && waits.tasks.length > 0
    const loop = stands ? loopOf(process, party) : undefined
    const found = promiseFacts(waits, {
      process,
      thread: party,
      firstTask,
      loopNow: tid === undefined || living === undefined ? undefined : loopTime(living, tid),
      loop: loop?.id,
      adapters: options.lockAdapters === false ? [] : adapters,
      frameOf: activation => frames.of(activation, waits.placeOf(activation)),
      placeOf: (activation, position) => frames.place(activation, position),
    })
    joined = joinFacts(joined, loop === undefined ? found.facts : withLoop(found.facts, loop, party))
    tasks.push(...found.tasks)
    if (!(heap instanceof MemoryGraph)) continue
    byAddress = heap.byAddress
    waits.tasks.forEach(({ activations }, at) => {
      const functions = activations.map(one => suspendedFunction(heap, one, waits.placeOf(one)))
      stacks.set(`${party}/a${firstTask + at}`, functions)
    })
  }
  const suspended = byAddress === undefined ? undefined : { heap: byAddress, stacks, complete: false }
  return { facts: joined, tasks, gaps: [], suspended }
}

function withLoop(facts: LockFacts, loop: Resource, party: string): LockFacts {
  return {
    ...facts,
    resources: [...facts.resources, loop],
    holds: [...facts.holds, loopHold(loop.process, party)],
  }
}

function suspendedFunction(
  heap: MemoryGraph,
  activation: Activation,
  at: HeapPlace | undefined,
): StackFunction {
  const { name, place } = activation.code
  // Of what a compiler made of a function, and of a call that has returned, there is no frame.
  if (place === undefined || heap.kind(activation.node) !== 'activation')
    return { kind: 'unknown', function: name, script: undefined, line: undefined, column: undefined }
  const { script, scriptId } = place
  const isNodes = script.startsWith('node:')
  const text = isNodes ? undefined : heap.scriptSource(scriptId)
  return {
    kind: 'js',
    function: name,
    script: { url: script, text, startLine: 0, startColumn: 0 },
    line: at?.line,
    column: at?.column,
    start: { line: place.line, column: place.column },
    slots: heap.slotsOf(activation),
  }
}

/**
 * The time on the clock of a thread's event loop: it begins when Node makes the thread's environment (`env->timer_base()`), which is
 * soon after the thread itself began.
 */
function loopTime(pid: number, tid: number): number | undefined {
  const stat = readThreadStat(pid, tid)
  return stat === undefined ? undefined : Date.now() - startTime(stat.startTicks)
}

/** Tasks that are known without the heap keep their numbers. */
function firstFree({ waits, holds }: LockFacts, thread: string): number {
  const numbers = [...waits, ...holds].flatMap(({ party }) =>
    party.startsWith(`${thread}/a`) ? [Number(party.slice(thread.length + 2))] : [],
  )
  return Math.max(0, ...numbers) + 1
}

/** The heap of the main thread by V8's snapshot, where that was asked for or is cheap; else why not. */
export async function snapshotHeaps(
  target: Target,
  inside: Inside,
  threads: readonly Thread[],
  options: CaptureOptions,
  clock: Clock,
): Promise<readonly ThreadHeap[] | Gap | undefined> {
  const [main] = inside.threads
  if (options.heap === false || main === undefined || !idles(threads[0]) || pointsElsewhere(inside))
    return undefined
  const used = await usedHeap(main, clock)
  if (used === undefined) return undefined
  const megabytes = used / 2 ** 20
  const estimate = SNAPSHOT_MS + SNAPSHOT_MS_PER_MB * megabytes
  if (options.heap !== true) {
    const limit = memoryLimitOf(target.pid)
    const tight = limit !== undefined && GROWTH * used > limit
    if (estimate > CHEAP_MS || tight) return tooCostly(megabytes, estimate, tight)
  }
  options.onProgress?.('taking a heap snapshot')
  const { takeHeapSnapshot } = await import('./take-heap-snapshot.ts')
  const graph = await takeHeapSnapshot(
    main,
    path => readTargetFile(target, path),
    clock,
    Math.max(5000, 4 * estimate),
  )
  if ('unknown' in graph)
    return {
      what: 'suspended async functions',
      reason: `The heap snapshot was not had: ${graph.unknown}.`,
      remedy: 'Try again with more time: --heap --timeout 1m.',
      thread: partyOf(target.pid, main),
    }
  // The thread answers again when it has sent all of it.
  await sleep(0)
  return [{ party: partyOf(target.pid, main), tid: target.pid, heap: graph }]
}

function idles(thread: Thread | undefined): boolean {
  return (
    thread?.looks.every(({ activity, frames }) => activity.kind === 'event-loop' && frames.length === 0) ===
    true
  )
}

/** Threads that stand in locks explain more than what is suspended. */
function pointsElsewhere({ facts }: Inside): boolean {
  return facts.waits.length > 0
}

async function usedHeap({ session }: InspectedThread, clock: Clock): Promise<number | undefined> {
  const reply = await session.send('Runtime.getHeapUsage', undefined, clock.limit(ANSWER_MS))
  return reply.ok ? reply.result.usedSize : undefined
}

function tooCostly(megabytes: number, estimate: number, tight: boolean): Gap {
  const cost = `about ${(estimate / 1000).toFixed(1)} s, in which the program stands still, and ${Math.ceil((megabytes * GROWTH) / 100) * 100} MB of its memory`
  return {
    what: 'suspended async functions',
    reason: `A heap snapshot shows them; of ${Math.round(megabytes)} MB it would take ${cost}${tight ? ', more than its memory limit leaves' : ''}.`,
    remedy: 'Take it with --heap.',
  }
}
