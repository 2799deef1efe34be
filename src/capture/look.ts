/** One look at all threads of a process. */
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

export interface Look {
  /** Milliseconds since the capture began. */
  readonly at: number
  /** The kernel's view, taken before anything was asked of the threads. */
  readonly kernel: ReadonlyMap<number, KernelThread>
  readonly stacks: ReadonlyMap<InspectedThread, Stack | Unknown>
}

/** How long a thread may take to answer, milliseconds: one in JavaScript needs one, also on a loaded machine a few. */
export const ANSWER_MS = 400
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
    threads.map(async thread => [thread, await stackOf(thread, clock)] as const),
  )
  return { at, kernel, stacks: new Map(stacks) }
}

/** Pauses `pausing` together and takes the others in passing. The paused stay paused until `resumeAll`. */
export async function lookPaused(
  pid: number,
  arch: string,
  threads: readonly InspectedThread[],
  pausing: ReadonlySet<InspectedThread>,
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
          pausing.has(thread) ? await pausedStackOf(thread, clock) : await stackOf(thread, clock),
        ] as const,
    ),
  )
  return { at, kernel, stacks: new Map(stacks) }
}

export async function resumeAll(inspected: InspectedProcess, clock: Clock): Promise<void> {
  await Promise.all(inspected.threads.toReversed().map(thread => thread.resume(clock.limit(ANSWER_MS))))
}

async function stackOf(thread: InspectedThread, clock: Clock): Promise<Stack | Unknown> {
  const limit = clock.limit(ANSWER_MS)
  const [reply, turns] = await Promise.all([thread.stack(limit), thread.read('loopTurns', limit)])
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

async function pausedStackOf(thread: InspectedThread, clock: Clock): Promise<Stack | Unknown> {
  const pause = await thread.requestPause(clock.limit(PAUSE_MS))
  if (pause === undefined) return stackOf(thread, clock)
  return { frames: thread.pausedStack, foreign: pause.foreign, loopTurns: undefined }
}
