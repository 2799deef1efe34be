/** The suspended functions of a process whose main thread idles, read from its memory before anything is asked of it; else where a lock asks for them. */
import type { LockFacts } from '../locks/recognise.ts'
import { unheldLocks } from '../locks/unheld.ts'
import type { Target } from '../process/target.ts'
import type { Thread } from '../snapshot/model.ts'
import type { AsyncTasks, EarlyHeaps, ThreadHeap } from './async-tasks.ts'
import type { Clock } from './clock.ts'
import type { Inside } from './inside.ts'
import { idles } from './open-inspector.ts'
import type { CaptureOptions } from './options.ts'
import { changedSinceStart, readTargetFile } from './target-files.ts'
import type { ProcessFiles } from './task-frames.ts'

/** The heaps of a process whose main thread idles: undefined for any other, and where they are not wanted. */
export async function readIdleHeaps(
  target: Target,
  options: CaptureOptions,
  clock: Clock,
): Promise<EarlyHeaps | undefined> {
  if (options.memory === false || options.heap === false || !idles(target)) return undefined
  return (await import('./async-tasks.ts')).readEarly(target, options, clock)
}

/** The suspended functions of the process, where its main thread idles, or where a thread sleeps for what no stack holds. */
export async function lookForTasks(
  target: Target,
  inside: Inside,
  threads: readonly Thread[],
  facts: LockFacts,
  options: CaptureOptions,
  clock: Clock,
  early: EarlyHeaps | undefined,
): Promise<AsyncTasks> {
  const none = { facts, tasks: [], gaps: [] }
  if (wantsOwners(threads, facts, options) && early === undefined)
    return tasksOfUnheld(target, threads, facts, options, clock)
  if (!isIdle(threads[0])) return none
  const { snapshotHeaps, tasksOfHeaps } = await import('./async-tasks.ts')
  if (early !== undefined && !('gap' in early.reading))
    return tasksFromMemory(target, early, threads, facts, options)
  const heaps = await snapshotHeaps(target, inside, threads, options, clock)
  if (heaps === undefined) return none
  if (!('what' in heaps))
    return tasksOfHeaps(`p${target.pid}`, filesOf(target), heaps, facts, options, target.pid)
  const why = early !== undefined && 'gap' in early.reading ? `${early.reading.gap.reason}. ` : ''
  return {
    ...none,
    gaps: [{ ...heaps, reason: `${why.charAt(0).toUpperCase()}${why.slice(1)}${heaps.reason}` }],
  }
}

function filesOf(target: Target): ProcessFiles {
  return {
    readFile: path => readTargetFile(target, path),
    isChanged: path => changedSinceStart(target, path),
  }
}

export async function tasksFromMemory(
  target: Target,
  early: EarlyHeaps,
  threads: readonly Thread[],
  facts: LockFacts,
  options: CaptureOptions,
): Promise<AsyncTasks> {
  const { tasksOfHeaps, threadHeaps } = await import('./async-tasks.ts')
  const { heaps, gaps } = threadHeaps(target.pid, early, threads)
  const process = `p${target.pid}`
  const read = (parked?: ReadonlySet<string>) =>
    tasksOfHeaps(process, filesOf(target), heaps, facts, options, target.pid, parked)
  const parked = new Set(threads.filter(isParked).map(({ id }) => id))
  const wanted = unheldLocks(facts, party => parked.has(party))
  if (wanted.size > 0) {
    const found = await read(parked)
    const owned = await ownersAmong(target, threads, heaps, facts, found, wanted)
    const isOwned = owned.holds.some(({ party }) => found.suspended?.stacks.has(party))
    if (isOwned) return { ...found, facts: withFurther(owned, facts, found.facts), gaps }
    if (!isIdle(threads[0])) return { facts: owned, tasks: [], gaps }
    const plain = await read()
    return { ...plain, facts: withFurther(owned, facts, plain.facts), gaps }
  }
  const found = await read()
  return { ...found, gaps: [...found.gaps, ...gaps] }
}

async function ownersAmong(
  target: Target,
  threads: readonly Thread[],
  heaps: readonly ThreadHeap[],
  facts: LockFacts,
  { suspended }: AsyncTasks,
  wanted: ReadonlyMap<string, string>,
): Promise<LockFacts> {
  if (suspended === undefined) return facts
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker')
  const complete = scripted.every(({ id }) => heaps.some(({ party }) => party === id))
  const { withSuspendedOwners } = await import('./suspended-holders.ts')
  return withSuspendedOwners(target, threads, facts, { ...suspended, complete }, wanted)
}

/** Facts that were changed, with those that were added to them as they had been. */
function withFurther(changed: LockFacts, before: LockFacts, joined: LockFacts): LockFacts {
  return {
    resources: [...changed.resources, ...joined.resources.slice(before.resources.length)],
    holds: [...changed.holds, ...joined.holds.slice(before.holds.length)],
    productions: [...changed.productions, ...joined.productions.slice(before.productions.length)],
    waits: [...changed.waits, ...joined.waits.slice(before.waits.length)],
  }
}

/** The suspended functions of a process in which a thread sleeps for a lock that no stack holds. */
export async function tasksOfUnheld(
  target: Target,
  threads: readonly Thread[],
  facts: LockFacts,
  options: CaptureOptions,
  clock: Clock,
): Promise<AsyncTasks> {
  const early = await (await import('./async-tasks.ts')).readEarly(target, options, clock)
  try {
    // What the source tells remains.
    if ('gap' in early.reading) return { facts, tasks: [], gaps: [] }
    return await tasksFromMemory(target, early, threads, facts, options)
  } finally {
    early.close()
  }
}

/** Whether a thread sleeps for a lock that no stack holds, and heaps may be read. */
export function wantsOwners(
  threads: readonly Thread[],
  facts: LockFacts,
  { memory, heap }: CaptureOptions,
): boolean {
  if (memory === false || heap === false) return false
  const parked = new Set(threads.filter(isParked).map(({ id }) => id))
  return unheldLocks(facts, party => parked.has(party)).size > 0
}

/** No code of it is on its stack. */
function isIdle(main: Thread | undefined): boolean {
  return main?.looks.at(-1)?.frames.length === 0
}

/** For good: a time limit would end it. */
function isParked({ looks }: Thread): boolean {
  const activity = looks.at(-1)?.activity
  return activity?.kind === 'parked' && activity.timeoutMs === null
}
