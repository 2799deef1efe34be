/** One look at all threads of a process. */
import { setTimeout } from 'node:timers/promises'
import type { InspectedProcess } from '../inspector/inspected-process.ts'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { StackFrame } from '../inspector/stack-frame.ts'
import { type KernelThread, threadsOf } from '../process/threads.ts'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import type { Clock } from './clock.ts'

export interface Stack {
  readonly frames: readonly StackFrame[]
  /** The thread stood in somebody else's debugger. */
  readonly foreign: boolean
  /** How often the event loop had turned; undefined where the thread was paused or cannot tell. */
  readonly loopTurns: number | undefined
}

interface Place {
  readonly pid: number
  readonly arch: string
}

export interface Look {
  /** Milliseconds since the capture began. */
  readonly at: number
  /** The kernel's view, taken before anything was asked of the threads. */
  readonly kernel: ReadonlyMap<number, KernelThread>
  readonly stacks: ReadonlyMap<InspectedThread, Stack | Unknown>
}

/** After so long a thread that stands in a system call is given up, milliseconds. */
export const ANSWER_MS = 400
/** So long a thread is waited for that wants to run: one in JavaScript answers at once where it gets a processor. */
const PATIENCE_MS = 1500
/** How long a thread may take to stop. */
const PAUSE_MS = 400

/** The kernel's threads by tid. */
export function lookAtKernel(pid: number, arch: string): ReadonlyMap<number, KernelThread> {
  const threads = threadsOf(pid, arch)
  return new Map(isUnknown(threads) ? [] : threads.map(thread => [thread.tid, thread]))
}

/** Stacks without pausing. */
export async function lookInPassing(
  pid: number,
  arch: string,
  threads: readonly InspectedThread[],
  clock: Clock,
): Promise<Look> {
  const at = clock.now
  const kernel = lookAtKernel(pid, arch)
  const stacks = await Promise.all(
    threads.map(async thread => [thread, await stackOf({ pid, arch }, thread, clock)] as const),
  )
  return { at, kernel, stacks: new Map(stacks) }
}

/** What a look does with the threads that it does not just take in passing. */
export interface Wanted {
  /** Paused together; they stay paused until `resumeAll`. */
  readonly pausing: ReadonlySet<InspectedThread>
  /** Of the paused, those that are asked first how often their loop has turned. */
  readonly counted: ReadonlySet<InspectedThread>
  /** Not asked at all. */
  readonly silent: ReadonlySet<InspectedThread>
  /** They gave no answer before: nobody waits for them for long. */
  readonly unanswering: ReadonlySet<InspectedThread>
}

/** A look that pauses some of the threads. */
export async function lookPaused(
  pid: number,
  arch: string,
  threads: readonly InspectedThread[],
  { pausing, counted, silent, unanswering }: Wanted,
  clock: Clock,
): Promise<Look> {
  const at = clock.now
  const kernel = lookAtKernel(pid, arch)
  // Workers' messages pass through the main thread: it is asked last, so that all stop close together.
  const order = [...threads].reverse()
  const stacks = await Promise.all(
    order.map(
      async thread =>
        [
          thread,
          silent.has(thread)
            ? { unknown: 'it rests in the call in which it did not answer before' }
            : pausing.has(thread)
              ? await pausedStackOf({ pid, arch }, thread, counted.has(thread), clock)
              : await stackOf(
                  { pid, arch },
                  thread,
                  clock,
                  unanswering.has(thread) ? ANSWER_MS : PATIENCE_MS,
                ),
        ] as const,
    ),
  )
  return { at, kernel, stacks: new Map(stacks) }
}

export async function resumeAll(inspected: InspectedProcess, clock: Clock): Promise<void> {
  await Promise.all(inspected.threads.toReversed().map(thread => thread.resume(clock.limit(ANSWER_MS))))
}

async function stackOf(
  target: Place,
  thread: InspectedThread,
  clock: Clock,
  patienceMs = PATIENCE_MS,
): Promise<Stack | Unknown> {
  const limit = clock.limit(patienceMs)
  const asked = Promise.all([thread.stack(limit), thread.read('loopTurns', limit)])
  const patience = new AbortController()
  const givenUp = setTimeout(clock.limit(ANSWER_MS), undefined, { signal: patience.signal }).then(
    () => (standsInSystem(target, thread) ? undefined : asked),
    () => asked,
  )
  const answer = await Promise.race([asked, givenUp])
  patience.abort()
  if (answer === undefined) return { unknown: `it did not answer within ${ANSWER_MS} ms` }
  const [reply, turns] = answer
  if (!reply.ok)
    return {
      unknown: reply.why === 'deadline' ? `it did not answer within ${Math.round(limit)} ms` : reply.message,
    }
  return {
    frames: reply.result,
    foreign: thread.pause?.foreign ?? false,
    loopTurns: typeof turns === 'number' ? turns : undefined,
  }
}

/** Whether the thread, or where it is not known which one it is, some worker, rests in a call that V8 cannot interrupt. */
function standsInSystem({ pid, arch }: Place, thread: InspectedThread): boolean {
  return [...lookAtKernel(pid, arch).values()].some(({ tid, mayBeWorker, view }) => {
    if (thread.threadId === 0 ? tid !== pid : !mayBeWorker) return false
    const call = view.systemCall
    return call !== null && !isUnknown(call) && call.name !== 'futex' && !call.name.startsWith('epoll')
  })
}

async function pausedStackOf(
  target: Place,
  thread: InspectedThread,
  counted: boolean,
  clock: Clock,
): Promise<Stack | Unknown> {
  const turns = counted ? await thread.read('loopTurns', clock.limit(ANSWER_MS)) : undefined
  const pause = await thread.requestPause(clock.limit(PAUSE_MS))
  if (pause === undefined) return stackOf(target, thread, clock)
  const loopTurns = typeof turns === 'number' ? turns : undefined
  return { frames: thread.pausedStack, foreign: pause.foreign, loopTurns }
}
