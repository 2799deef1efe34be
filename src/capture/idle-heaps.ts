/** The suspended functions of a process whose main thread idles, read from its memory before anything is asked of it; else where a lock asks for them. */
import type { LockFacts } from '../locks/recognise.ts'
import { unheldLocks } from '../locks/unheld.ts'
import type { Target } from '../process/target.ts'
import type { Thread } from '../snapshot/model.ts'
import type { AsyncTasks, EarlyHeaps } from './async-tasks.ts'
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
  if (threads[0]?.looks.at(-1)?.frames.length !== 0) return none
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
  const parked = new Set(threads.filter(isParked).map(({ id }) => id))
  const process = `p${target.pid}`
  const found = await tasksOfHeaps(process, filesOf(target), heaps, facts, options, target.pid, parked)
  const wanted = unheldLocks(facts, party => parked.has(party))
  if (wanted.size === 0 || found.suspended === undefined) return { ...found, gaps: [...found.gaps, ...gaps] }
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker')
  const complete = scripted.every(({ id }) => heaps.some(({ party }) => party === id))
  const { withSuspendedOwners } = await import('./suspended-holders.ts')
  const owned = await withSuspendedOwners(
    target,
    threads,
    found.facts,
    { ...found.suspended, complete },
    wanted,
  )
  return { ...found, facts: owned, gaps: [...found.gaps, ...gaps] }
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

/** For good: a time limit would end it. */
function isParked({ looks }: Thread): boolean {
  const activity = looks.at(-1)?.activity
  return activity?.kind === 'parked' && activity.timeoutMs === null
}
