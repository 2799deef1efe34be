/** One process: found, checked, looked at from inside where that is possible and from outside where not, and let go. */
import { ImpasseError } from '../errors.ts'
import { withEventLoops } from '../locks/event-loop.ts'
import { withNodeWaits } from '../locks/node-wait.ts'
import type { LockFacts } from '../locks/recognise.ts'
import { identify, sameProcess, type Target } from '../process/target.ts'
import { switches } from '../process/threads.ts'
import type { Process, Thread } from '../snapshot/model.ts'
import type { EarlyHeaps } from './async-tasks.ts'
import { type Clock, sleep } from './clock.ts'
import { lookForTasks, readIdleHeaps } from './idle-heaps.ts'
import type { Inside } from './inside.ts'
import { throwIfInterrupted } from './interruption.ts'
import { lookOutside, stoppedIfAllowed, withLocks } from './look-outside.ts'
import type { MemoryFrames } from './memory-frames.ts'
import { type Opened, openInspector, outOfTime } from './open-inspector.ts'
import type { CaptureOptions } from './options.ts'
import { partyOf } from './party.ts'
import { kernelThreads, processHead, scriptThreads, silentThreads } from './process-record.ts'
import { releaser } from './release.ts'
import { takeTurn } from './turn.ts'

/** What one process gave. */
export interface Attached {
  readonly process: Process
  readonly facts: LockFacts
  readonly pausedWaves: number
  /** The idle threads of which it was asked what can wake them, with how often each had left a wait when it was let go. */
  readonly settled?: ReadonlyMap<string, number>
  /** By idle thread: what Node names that keeps its loop alive. */
  readonly keptBy?: ReadonlyMap<string, readonly string[]>
}

const SETTLE_MS = 10
const MOST_SETTLES = 10

/** Throws an `ImpasseError` when the process is none that can be looked at, or when the capture was interrupted. */
export async function attach(pid: number, options: CaptureOptions, clock: Clock): Promise<Attached> {
  const target = identifyNode(pid, options)
  if (target === undefined) return (await import('./other-program.ts')).lookAtOther(pid, options, clock)
  if (options.inspector === false) {
    return lookOutside(target, options, clock, {
      reason: 'The inspector was not used, as asked.',
      remedy: 'Leave out --no-inspector to see the stacks of all threads, and locks.',
    })
  }
  // Before anything is asked of it: what it is asked may collect the evidence.
  const early = await readIdleHeaps(target, options, clock)
  const turn = await takeTurn(target, clock)
  try {
    throwIfInterrupted(options)
    const opened = await openInspector(target, clock, options.memory !== false, () => {
      options.onProgress?.('opening the inspector')
      // What will look through it is loaded meanwhile.
      import('./inside.ts').catch(() => {})
    })
    return 'reason' in opened
      ? await lookOutside(target, options, clock, opened, early)
      : await lookThrough(target, opened, options, clock, early)
  } finally {
    early?.close()
    turn.end()
  }
}

/** Undefined for a program that is not Node, where such are to be shown too. */
export function identifyNode(pid: number, options: CaptureOptions): Target | undefined {
  try {
    return identify(pid)
  } catch (error) {
    if (options.others === true && error instanceof ImpasseError && error.code === 'IMPASSE_NOT_NODE')
      return undefined
    throw error
  }
}

async function lookThrough(
  target: Target,
  opened: Opened,
  options: CaptureOptions,
  clock: Clock,
  early: EarlyHeaps | undefined,
): Promise<Attached> {
  const release = releaser(target, opened)
  const onAbort = () => void release()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  const { access, port } = opened
  const { pid } = target
  try {
    const { lookInside } = await import('./inside.ts')
    const inside = await lookInside(target, opened.inspected, options, clock)
    throwIfInterrupted(options)
    if (inside === undefined) {
      sameProcess(target)
      if (clock.expired) return await lookOutside(target, options, clock, outOfTime(clock), early)
      return await lookOutside(
        target,
        options,
        clock,
        {
          reason:
            'The main thread, through which all threads are reached, did not answer the inspector: it is in native code or in a system call.',
          remedy: 'Look again when the call has returned; what the kernel knows about it is shown.',
        },
        early,
      )
    }
    const threads = scriptThreads(target, inside)
    const facts =
      inside.webLocks.size === 0
        ? inside.facts
        : await import('./task-facts.ts').then(({ withWebLocks }) => withWebLocks(target, inside, threads))
    const asynchronous = await lookForTasks(target, inside, threads, facts, options, clock, early)
    const known = new Set(threads.flatMap(({ tid }) => (typeof tid === 'number' ? [tid] : [])))
    const natives = kernelThreads(target, inside.looks, known, true)
    await release()
    const seen = await withSilent(
      target,
      { threads: [...threads, ...natives], facts: asynchronous.facts },
      options,
      clock,
      inside.memory,
    )
    const process = `p${target.pid}`
    const looped = new Set([...inside.loops.keys()].map(thread => partyOf(pid, thread)))
    return {
      keptBy: namesOf(pid, inside),
      ...(inside.loopsAsked &&
        options.together === true && { settled: await timesWoken(pid, threads, looped, clock) }),
      process: {
        ...processHead(target),
        inspector: { access, port },
        pausedMs: Math.max(seen.pausedMs, ...inside.threads.map(thread => thread.longestPauseMs)),
        threads: [...seen.threads],
        ...(asynchronous.tasks.length > 0 && { tasks: [...asynchronous.tasks] }),
        gaps: [...seen.gaps, ...asynchronous.gaps],
        ...(await recorded(inside, options)),
      },
      facts: withEventLoops(process, threads, looped, withNodeWaits(process, threads, natives, seen.facts)),
      pausedWaves: inside.pausedWaves,
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    await release()
  }
}

function namesOf(pid: number, { activeResources }: Inside): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...activeResources].flatMap(([thread, names]) =>
      Array.isArray(names) ? [[partyOf(pid, thread), names.map(String)] as const] : [],
    ),
  )
}

/** How often each has left a wait, once what woke it was our going: that may take a moment. */
async function timesWoken(
  pid: number,
  threads: readonly Thread[],
  of: ReadonlySet<string>,
  clock: Clock,
): Promise<ReadonlyMap<string, number>> {
  const asked = threads.flatMap(({ id, tid }) =>
    of.has(id) && typeof tid === 'number' ? [[id, tid] as const] : [],
  )
  const count = () => {
    const counted = switches(
      pid,
      asked.map(([, tid]) => tid),
    )
    return new Map(asked.map(([id, tid]) => [id, counted.get(tid)?.voluntary ?? -1]))
  }
  let counts = count()
  for (let settles = 0; settles < MOST_SETTLES; settles += 1) {
    await sleep(clock.limit(SETTLE_MS))
    const now = count()
    const same = [...now].every(([id, times]) => counts.get(id) === times)
    counts = now
    if (same) break
  }
  return counts
}

/** What the rules were answered, to be kept where the snapshot is. */
async function recorded(inside: Inside, options: CaptureOptions): Promise<Pick<Process, 'recording'>> {
  if (options.record === false || inside.run === undefined) return {}
  const { recordingOf } = await import('./recording.ts')
  const recording = recordingOf(inside.run, inside.facts, inside.reader)
  return recording === undefined ? {} : { recording }
}

/** With the stacks from memory of the threads that the inspector gave none of, and with the locks that these sleep in. */
async function withSilent(
  target: Target,
  { threads, facts }: { readonly threads: readonly Thread[]; readonly facts: LockFacts },
  options: CaptureOptions,
  clock: Clock,
  read: MemoryFrames | undefined,
) {
  const silent = new Set(silentThreads(threads).flatMap(({ thread }) => thread ?? []))
  const nothing = silent.size === 0 && options.allowStop !== true
  if (nothing || options.memory === false)
    return { threads, facts, pausedMs: 0, gaps: silentThreads(threads) }
  const memory = read ?? new (await import('./memory-frames.ts')).MemoryFrames(target)
  const { withMemoryStacks } = await import('./silent-stacks.ts')
  const shown = silent.size === 0 ? threads : await withMemoryStacks(target, threads, silent, memory)
  const stopped = await stoppedIfAllowed(target, shown, memory, options, clock)
  const seen = await withLocks(target, { threads: stopped.threads, facts }, silent, memory, clock)
  return { ...seen, pausedMs: stopped.pausedMs, gaps: silentThreads(seen.threads) }
}
