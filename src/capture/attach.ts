/** One process: found, checked, looked at from inside where that is possible and from outside where not, and let go. */
import { ImpasseError } from '../errors.ts'
import { withEventLoops } from '../locks/event-loop.ts'
import { withNodeWaits } from '../locks/node-wait.ts'
import type { LockFacts } from '../locks/recognise.ts'
import { identify, sameProcess, type Target } from '../process/target.ts'
import type { Activity, Frame, Gap, Process, Thread, Unknown } from '../snapshot/model.ts'
import { type Clock, sleep } from './clock.ts'
import { lookInside, partyOf } from './inside.ts'
import { throwIfInterrupted } from './interruption.ts'
import { type Look, lookAtKernel } from './look.ts'
import type { MemoryFrames } from './memory-frames.ts'
import { type Closed, type Opened, openInspector, outOfTime } from './open-inspector.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS } from './options.ts'
import { outsideMain } from './outside-main.ts'
import { kernelThreads, processHead, scriptThreads, silentThreads } from './process-record.ts'
import { releaser } from './release.ts'
import type { StoppedLooks } from './stopped-looks.ts'
import { takeTurn } from './turn.ts'

/** What one process gave. */
export interface Attached {
  readonly process: Process
  readonly facts: LockFacts
  readonly pausedWaves: number
}

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
  const turn = await takeTurn(target, clock)
  try {
    throwIfInterrupted(options)
    options.onProgress?.('opening the inspector')
    const opened = await openInspector(target, clock, options.memory !== false)
    return 'reason' in opened
      ? await lookOutside(target, options, clock, opened)
      : await lookThrough(target, opened, options, clock)
  } finally {
    turn.end()
  }
}

/** Undefined for a program that is not Node, where such are to be shown too. */
function identifyNode(pid: number, options: CaptureOptions): Target | undefined {
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
): Promise<Attached> {
  const release = releaser(target, opened)
  const onAbort = () => void release()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  const { access, port } = opened
  const { pid } = target
  try {
    const inside = await lookInside(target, opened.inspected, options, clock)
    throwIfInterrupted(options)
    if (inside === undefined) {
      sameProcess(target)
      if (clock.expired) return await lookOutside(target, options, clock, outOfTime(clock))
      return await lookOutside(target, options, clock, {
        reason:
          'The main thread, through which all threads are reached, did not answer the inspector: it is in native code or in a system call.',
        remedy: 'Look again when the call has returned; what the kernel knows about it is shown.',
      })
    }
    const threads = scriptThreads(target, inside)
    const facts =
      inside.webLocks.size === 0
        ? inside.facts
        : await import('./task-facts.ts').then(({ withWebLocks }) => withWebLocks(target, inside, threads))
    const known = new Set(threads.flatMap(({ tid }) => (typeof tid === 'number' ? [tid] : [])))
    const natives = kernelThreads(target, inside.looks, known, true)
    await release()
    const seen = await withSilent(target, { threads: [...threads, ...natives], facts }, options, clock)
    const process = `p${target.pid}`
    return {
      process: {
        ...processHead(target),
        inspector: { access, port },
        pausedMs: Math.max(seen.pausedMs, ...inside.threads.map(thread => thread.longestPauseMs)),
        threads: [...seen.threads],
        gaps: [...seen.gaps],
      },
      facts: withEventLoops(
        process,
        threads,
        new Set([...inside.loops.keys()].map(thread => partyOf(pid, thread))),
        withNodeWaits(process, threads, natives, seen.facts),
      ),
      pausedWaves: inside.pausedWaves,
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    await release()
  }
}

/** With the stacks from memory of the threads that the inspector gave none of, and with the locks that these sleep in. */
async function withSilent(
  target: Target,
  { threads, facts }: { readonly threads: readonly Thread[]; readonly facts: LockFacts },
  options: CaptureOptions,
  clock: Clock,
) {
  const silent = new Set(silentThreads(threads).flatMap(({ thread }) => thread ?? []))
  const nothing = silent.size === 0 && options.allowStop !== true
  if (nothing || options.memory === false)
    return { threads, facts, pausedMs: 0, gaps: silentThreads(threads) }
  const memory = new (await import('./memory-frames.ts')).MemoryFrames(target)
  const { withMemoryStacks } = await import('./silent-stacks.ts')
  const shown = silent.size === 0 ? threads : await withMemoryStacks(target, threads, silent, memory)
  const stopped = await stoppedIfAllowed(target, shown, memory, options, clock)
  const seen = await withLocks(target, { threads: stopped.threads, facts }, silent, memory, clock)
  return { ...seen, pausedMs: stopped.pausedMs, gaps: silentThreads(seen.threads) }
}

/** What the kernel shows, twice, and the main thread's stack from its memory, without touching the process. */
async function lookOutside(
  target: Target,
  options: CaptureOptions,
  clock: Clock,
  closed: Closed,
): Promise<Attached> {
  const looks: Look[] = []
  const stacks: (readonly Frame[] | Unknown)[] = []
  const memory =
    options.memory === false || clock.expired
      ? undefined
      : new (await import('./memory-frames.ts')).MemoryFrames(target)
  let pause: Promise<void> | undefined
  const count = options.looks ?? DEFAULT_LOOKS
  for (let number = 1; number <= count; number += 1) {
    await pause
    sameProcess(target)
    // The memory is read while the next look is waited for.
    if (number < count) pause = sleep(clock.limit(options.betweenLooksMs ?? BETWEEN_LOOKS_MS))
    looks.push({ at: clock.now, kernel: lookAtKernel(target.pid, target.runtime.arch), stacks: new Map() })
    if (memory !== undefined) stacks.push(await memory.of(target.pid))
  }
  const natives = await withWorkerStacks(
    target,
    kernelThreads(target, looks, new Set([target.pid]), false),
    memory,
  )
  const unseen = natives.some(thread => thread.role === 'worker' && isUnseen(thread))
  const { main, gap } = outsideMain(target, looks, stacks, closed, unseen, memory?.detailsOf(target.pid))
  const stopped = await stoppedIfAllowed(target, [main, ...natives], memory, options, clock)
  const { threads } = stopped
  const none = { resources: [], holds: [], productions: [], waits: [] }
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker').map(({ id }) => id)
  const seen =
    memory === undefined
      ? { threads, facts: none }
      : await withLocks(target, { threads, facts: none }, new Set(scripted), memory, clock)
  return {
    process: {
      ...processHead(target),
      inspector: { access: 'none', port: null },
      pausedMs: stopped.pausedMs,
      threads: [...seen.threads],
      gaps: [gapAfter(gap, stopped, threads)],
    },
    facts: seen.facts,
    pausedWaves: 0,
  }
}

/** With new looks at threads that run and answer nobody, if the process may be stopped for that. */
async function stoppedIfAllowed(
  target: Target,
  threads: readonly Thread[],
  memory: MemoryFrames | undefined,
  options: CaptureOptions,
  clock: Clock,
): Promise<StoppedLooks> {
  const none = { threads, pausedMs: 0, failure: undefined }
  if (memory === undefined || options.allowStop !== true || clock.expired) return none
  const { runsUnseen, withStoppedLooks } = await import('./stopped-looks.ts')
  return threads.some(runsUnseen) ? withStoppedLooks(target, threads, memory, options, clock) : none
}

/** The gap of what was not seen, after an attempt to stop the process. */
function gapAfter(gap: Gap, { failure, pausedMs }: StoppedLooks, [main]: readonly Thread[]): Gap {
  if (failure !== undefined)
    return { ...gap, reason: `${gap.reason} Stopped (--allow-stop), it showed no stack either: ${failure}.` }
  const seen = pausedMs > 0 && (main?.looks.at(-1)?.frames.length ?? 0) > 0
  if (!seen) return gap
  return {
    what: 'the values of variables (by which locks are recognised)',
    reason: 'The main thread computes in native code, and answers no inspector before it comes back.',
    remedy: 'Look again when that call has returned.',
  }
}

/** A worker that sleeps shows its stack too; one in its event loop has none. */
async function withWorkerStacks(
  target: Target,
  threads: readonly Thread[],
  memory: MemoryFrames | undefined,
): Promise<readonly Thread[]> {
  const workers = threads.filter(({ role }) => role === 'worker').map(({ id }) => id)
  if (memory === undefined || workers.length === 0) return threads
  const { withMemoryStacks } = await import('./silent-stacks.ts')
  return withMemoryStacks(target, threads, new Set(workers), memory)
}

/** Neither its stack was read nor is it known to have none. */
function isUnseen({ looks }: Thread): boolean {
  const look = looks.at(-1)
  return look !== undefined && look.frames.length === 0 && !inLoopCall(look.activity)
}

function inLoopCall(activity: Activity): boolean {
  return (
    activity.kind === 'event-loop' ||
    (activity.kind === 'system-call' && activity.call.name.startsWith('epoll_'))
  )
}

/** With the locks of the C library that threads sleep in, where any sleeps in a futex. */
async function withLocks(
  { pid }: Target,
  seen: { readonly threads: readonly Thread[]; readonly facts: LockFacts },
  asked: ReadonlySet<string>,
  memory: MemoryFrames,
  clock: Clock,
) {
  if (asked.size === 0) return seen
  const { nativeLocksOf, withWords } = await import('./native-waits.ts')
  const { threads, facts } = await nativeLocksOf(pid, seen, asked, memory, () => clock.now)
  return { threads, facts: withWords(`p${pid}`, threads, thread => memory.detailsOf(thread).word, facts) }
}
