/** A process whose inspector is not had: what the kernel tells of it, and its stacks from memory. */
import type { LockFacts } from '../locks/recognise.ts'
import { sameProcess, type Target } from '../process/target.ts'
import type { KernelThread } from '../process/threads.ts'
import { type Activity, type Frame, isUnknown, type Thread, type Unknown } from '../snapshot/model.ts'
import type { EarlyHeaps } from './async-tasks.ts'
import type { Attached } from './attach.ts'
import { type Clock, sleep } from './clock.ts'
import { readIdleHeaps, tasksFromMemory, tasksOfUnheld, wantsOwners } from './idle-heaps.ts'
import { type Look, lookAtKernel } from './look.ts'
import type { MemoryFrames } from './memory-frames.ts'
import type { Closed } from './open-inspector.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS, LONGEST_CALL_MS } from './options.ts'
import { outsideGap } from './outside-gap.ts'
import { outsideMain } from './outside-main.ts'
import { kernelThreads, outsideLook, processHead } from './process-record.ts'
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
  const turns = new Map<Look, number>()
  const memory =
    options.memory === false || clock.expired
      ? undefined
      : new (await import('./memory-frames.ts')).MemoryFrames(target)
  const keep = async (look: Look) => {
    looks.push(look)
    if (memory === undefined) return
    const stack = await memory.of(target.pid)
    stacks.push(stack)
    // What its stack does not tell, whether it gets on, its loop may.
    const turned = isUnknown(stack) ? await memory.loopTurns() : undefined
    if (turned !== undefined) turns.set(look, turned)
  }
  const between = options.betweenLooksMs ?? BETWEEN_LOOKS_MS
  for (let left = options.looks ?? DEFAULT_LOOKS; left > 0; left -= 1) {
    sameProcess(target)
    const look = lookNow(target, clock)
    await keep(look)
    if (left === 1) break
    for await (const other of loopsBetween(look, target, clock)) await keep(other)
    await sleep(clock.limit(Math.max(0, look.at + between - clock.now)))
  }
  const listed = kernelThreads(target, looks, new Set([target.pid]), false)
  const last = looks.at(-1)!.kernel
  const sleeps = listed.some(({ role }) => role === 'worker') || sleepsInFutex(last.get(target.pid))
  const { threads: told, unsure } =
    memory === undefined || !sleeps
      ? { threads: listed, unsure: new Set<string>() }
      : await import('./roles-by-stacks.ts').then(({ withRolesByStacks }) =>
          withRolesByStacks(listed, last, memory),
        )
  const natives = await withWorkerStacks(target, told, memory)
  const { main, failure } = outsideMain(target, looks, stacks, turns, memory?.detailsOf(target.pid))
  const stopped = await stoppedIfAllowed(target, [main, ...natives], memory, options, clock)
  const gap = outsideGap(closed, failure, stopped, memory !== undefined)
  const { threads } = stopped
  const none: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker').map(({ id }) => id)
  const seen =
    memory === undefined
      ? { threads, facts: none }
      : await withLocks(
          target,
          await withScriptLocks(target, threads, unsure, memory, clock),
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
      gaps: [gap, ...(found?.gaps ?? [])],
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

/** How often a thread that runs is looked at between two looks, milliseconds. */
const WATCH_MS = 15

/** Looks that find a thread in its event loop which ran in the last one: it gets on, whatever it runs. */
async function* loopsBetween(look: Look, target: Target, clock: Clock): AsyncGenerator<Look> {
  const isScripted = ({ role }: { readonly role: Thread['role'] }) => role === 'main' || role === 'worker'
  const running = new Set(
    [...look.kernel.values()].flatMap(thread =>
      isScripted(thread) && activityIn(look, thread.tid).kind === 'running' ? thread.tid : [],
    ),
  )
  while (running.size > 0 && clock.now < look.at + LONGEST_CALL_MS && !clock.expired) {
    await sleep(clock.limit(WATCH_MS))
    const now = lookNow(target, clock)
    const found = [...running].filter(tid => inLoopCall(activityIn(now, tid)))
    for (const tid of found) running.delete(tid)
    if (found.length > 0) yield now
  }

  function activityIn({ at, kernel }: Look, tid: number): Activity {
    return outsideLook(target, at, kernel.get(tid)).activity
  }
}

function lookNow({ pid, runtime }: Target, clock: Clock): Look {
  return { at: clock.now, kernel: lookAtKernel(pid, runtime.arch), stacks: new Map() }
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

function sleepsInFutex(thread: KernelThread | undefined): boolean {
  const call = thread?.view.systemCall
  return call !== undefined && call !== null && !isUnknown(call) && call.name === 'futex'
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
  unsure: ReadonlySet<string>,
  memory: MemoryFrames,
  clock: Clock,
) {
  const none: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker')
  if (!scripted.some(thread => thread.looks.at(-1)?.activity.kind === 'parked'))
    return { threads, facts: none }
  const { locksOfProcess } = await import('./memory-locks.ts')
  const allKnown = !threads.some(({ id }) => unsure.has(id))
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
