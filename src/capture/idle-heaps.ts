/** The suspended functions of a process whose main thread idles: read from its memory before anything is asked of it. */
import type { LockFacts } from '../locks/recognise.ts'
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

/** The suspended functions of the process, where its main thread idles. */
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
  const found = await tasksOfHeaps(`p${target.pid}`, filesOf(target), heaps, facts, options, target.pid)
  return { ...found, gaps: [...found.gaps, ...gaps] }
}
