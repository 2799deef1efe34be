/** A process whose inspector is not had: what the kernel tells of it, and its stacks from memory. */
import type { LockFacts } from '../locks/recognise.ts'
import { sameProcess, type Target } from '../process/target.ts'
import {
  type Activity,
  type Frame,
  type Gap,
  isUnknown,
  type Thread,
  type Unknown,
} from '../snapshot/model.ts'
import type { EarlyHeaps } from './async-tasks.ts'
import type { Attached } from './attach.ts'
import { type Clock, sleep } from './clock.ts'
import { readIdleHeaps, tasksFromMemory, tasksOfUnheld, wantsOwners } from './idle-heaps.ts'
import { type Look, lookAtKernel } from './look.ts'
import type { MemoryFrames } from './memory-frames.ts'
import type { Closed } from './open-inspector.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS } from './options.ts'
import { outsideMain } from './outside-main.ts'
import { kernelThreads, processHead } from './process-record.ts'
import type { StoppedLooks } from './stopped-looks.ts'

/** What the kernel shows, twice, and the main thread's stack from its memory, without touching the process. */
export async function lookOutside(
  target: Target,
  options: CaptureOptions,
  clock: Clock,
  closed: Closed,
  given?: EarlyHeaps,
): Promise<Attached> {
  const early = given ?? (await readIdleHeaps(target, options, clock))
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
  const none: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker').map(({ id }) => id)
  const seen =
    memory === undefined
      ? { threads, facts: none }
      : await withLocks(
          target,
          await withScriptLocks(target, threads, looks, memory, clock),
          new Set(scripted),
          memory,
          clock,
        )
  const found =
    early !== undefined
      ? await tasksFromMemory(target, early, [main], seen.facts, options)
      : wantsOwners(seen.threads, seen.facts, options)
        ? await tasksOfUnheld(target, seen.threads, seen.facts, options, clock)
        : undefined
  if (given === undefined) early?.close()
  return {
    process: {
      ...processHead(target),
      inspector: { access: 'none', port: null },
      pausedMs: stopped.pausedMs,
      threads: [...seen.threads],
      ...(found && found.tasks.length > 0 && { tasks: [...found.tasks] }),
      gaps: [gapAfter(gap, stopped, threads), ...(found?.gaps ?? [])],
    },
    facts: found?.facts ?? seen.facts,
    pausedWaves: 0,
  }
}

/** With new looks at threads that run and answer nobody, if the process may be stopped for that. */
export async function stoppedIfAllowed(
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
    what: 'variables that no inner function uses (by which some locks are recognised)',
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
  const shown = await withMemoryStacks(target, threads, new Set(workers), memory)
  const { withNumbersOf } = await import('./memory-locks.ts')
  return withNumbersOf(target.pid, shown, memory)
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

/** With the locks of JavaScript, where a thread is parked for one. */
async function withScriptLocks(
  { pid }: Target,
  threads: readonly Thread[],
  looks: readonly Look[],
  memory: MemoryFrames,
  clock: Clock,
) {
  const none: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker')
  if (!scripted.some(thread => thread.looks.at(-1)?.activity.kind === 'parked'))
    return { threads, facts: none }
  const { locksOfProcess } = await import('./memory-locks.ts')
  const ids = new Set(scripted.map(({ id }) => id))
  const others = threads.filter(({ id }) => !ids.has(id))
  const last = looks.at(-1)?.kernel
  const allKnown = !others.some(({ tid }) => !isUnknown(tid) && last?.get(tid)?.mayBeWorker === true)
  const seen = await locksOfProcess(pid, scripted, memory, allKnown, () => clock.now)
  const known = new Map(seen.threads.map(thread => [thread.id, thread]))
  return { threads: threads.map(thread => known.get(thread.id) ?? thread), facts: seen.facts }
}

/** With the locks of the C library that threads sleep in, where any sleeps in a futex. */
export async function withLocks(
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
