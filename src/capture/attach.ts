/** One process: found, checked, looked at from inside where that is possible and from outside where not, and let go. */
import { ImpasseError } from '../errors.ts'
import { withEventLoops } from '../locks/event-loop.ts'
import { withNodeWaits } from '../locks/node-wait.ts'
import type { LockFacts } from '../locks/recognise.ts'
import { identify, sameProcess, type Target } from '../process/target.ts'
import type { Frame, Process, Thread, Unknown } from '../snapshot/model.ts'
import type { AsyncTasks, EarlyHeaps } from './async-tasks.ts'
import { type Clock, sleep } from './clock.ts'
import { type Inside, lookInside, partyOf } from './inside.ts'
import { throwIfInterrupted } from './interruption.ts'
import { type Look, lookAtKernel } from './look.ts'
import { type Closed, idles, type Opened, openInspector, outOfTime } from './open-inspector.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS } from './options.ts'
import { outsideMain } from './outside-main.ts'
import { kernelThreads, processHead, scriptThreads, silentThreads } from './process-record.ts'
import { releaser } from './release.ts'
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
  let early: EarlyHeaps | undefined
  try {
    throwIfInterrupted(options)
    // Before anything is asked of it: what it is asked may collect the evidence.
    early = await readIdleHeaps(target, options)
    options.onProgress?.('opening the inspector')
    const opened = await openInspector(target, clock)
    return 'reason' in opened
      ? await lookOutside(target, options, clock, opened, early)
      : await lookThrough(target, opened, options, clock, early)
  } finally {
    early?.close()
    turn.end()
  }
}

/** The heaps of a process whose main thread idles: undefined for any other, and where they are not wanted. */
async function readIdleHeaps(target: Target, options: CaptureOptions): Promise<EarlyHeaps | undefined> {
  if (options.memory === false || options.heap === false || !idles(target)) return undefined
  return (await import('./async-tasks.ts')).readEarly(target, options)
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
  early: EarlyHeaps | undefined,
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
    const shown = await withSilent(target, threads, options)
    const process = `p${target.pid}`
    return {
      process: {
        ...processHead(target),
        inspector: { access, port },
        pausedMs: Math.max(0, ...inside.threads.map(thread => thread.longestPauseMs)),
        threads: [...shown, ...natives],
        ...(asynchronous.tasks.length > 0 && { tasks: [...asynchronous.tasks] }),
        gaps: [...silentThreads(shown), ...asynchronous.gaps],
      },
      facts: withEventLoops(
        process,
        threads,
        new Set([...inside.loops.keys()].map(thread => partyOf(pid, thread))),
        withNodeWaits(process, threads, natives, asynchronous.facts),
      ),
      pausedWaves: inside.pausedWaves,
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    await release()
  }
}

/** The suspended functions of the process, where its main thread idles. */
async function lookForTasks(
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
  return 'what' in heaps ? { ...none, gaps: [heaps] } : tasksOfHeaps(target, heaps, facts, options)
}

async function tasksFromMemory(
  target: Target,
  early: EarlyHeaps,
  threads: readonly Thread[],
  facts: LockFacts,
  options: CaptureOptions,
): Promise<AsyncTasks> {
  const { tasksOfHeaps, threadHeaps } = await import('./async-tasks.ts')
  const { heaps, gaps } = threadHeaps(target.pid, early, threads)
  const found = await tasksOfHeaps(target, heaps, facts, options)
  return { ...found, gaps: [...found.gaps, ...gaps] }
}

/** With the stacks from memory of the threads that the inspector gave none of. */
async function withSilent(
  target: Target,
  threads: readonly Thread[],
  options: CaptureOptions,
): Promise<readonly Thread[]> {
  const silent = new Set(silentThreads(threads).flatMap(({ thread }) => thread ?? []))
  if (silent.size === 0 || options.memory === false) return threads
  return (await import('./silent-stacks.ts')).withMemoryStacks(target, threads, silent)
}

/** What the kernel shows, twice, and the main thread's stack from its memory, without touching the process. */
async function lookOutside(
  target: Target,
  options: CaptureOptions,
  clock: Clock,
  closed: Closed,
  given?: EarlyHeaps,
): Promise<Attached> {
  const early = given ?? (await readIdleHeaps(target, options))
  const looks: Look[] = []
  const stacks: (readonly Frame[] | Unknown)[] = []
  const memory =
    options.memory === false || clock.expired
      ? undefined
      : new (await import('./memory-frames.ts')).MemoryFrames(target)
  for (let count = 0; count < (options.looks ?? DEFAULT_LOOKS); count += 1) {
    if (count > 0) await sleep(clock.limit(options.betweenLooksMs ?? BETWEEN_LOOKS_MS))
    sameProcess(target)
    looks.push({ at: clock.now, kernel: lookAtKernel(target.pid, target.runtime.arch), stacks: new Map() })
    if (memory !== undefined) stacks.push(await memory.of(target.pid))
  }
  const { main, gap } = outsideMain(target, looks, stacks, closed)
  const none: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  const found = early === undefined ? undefined : await tasksFromMemory(target, early, [main], none, options)
  if (given === undefined) early?.close()
  return {
    process: {
      ...processHead(target),
      inspector: { access: 'none', port: null },
      pausedMs: 0,
      threads: [main, ...kernelThreads(target, looks, new Set([target.pid]), false)],
      ...(found && found.tasks.length > 0 && { tasks: [...found.tasks] }),
      gaps: [gap, ...(found?.gaps ?? [])],
    },
    facts: found?.facts ?? none,
    pausedWaves: 0,
  }
}
