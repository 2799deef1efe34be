/** Threads that did not answer the inspector, with the stacks that their memory shows. */

import type { Target } from '../process/target.ts'
import { switches } from '../process/threads.ts'
import { type Activity, type Frame, isUnknown, type Thread } from '../snapshot/model.ts'
import { MemoryFrames, type StackDetails } from './memory-frames.ts'
import { activityBehind } from './native-activity.ts'

/** The stack of now was that of each look in which the thread had left its wait as often as now. */
export async function withMemoryStacks(
  target: Target,
  threads: readonly Thread[],
  silent: ReadonlySet<string>,
  memory: MemoryFrames = new MemoryFrames(target),
): Promise<readonly Thread[]> {
  // All at once: they share pages and symbols.
  const asked = threads.filter(({ id }) => silent.has(id))
  await memory.ofAll(asked.flatMap(({ tid }) => (isUnknown(tid) ? [] : [tid])))
  const seen: Thread[] = []
  for (const thread of threads) seen.push(silent.has(thread.id) ? await withStack(thread) : thread)
  return seen

  async function withStack(thread: Thread): Promise<Thread> {
    if (isUnknown(thread.tid)) return thread
    const frames = await memory.of(thread.tid)
    const counted = switches(target.pid, [thread.tid]).get(thread.tid)
    if (isUnknown(frames) || counted === undefined) return thread
    if (frames.length === 0) return thread.seenBy.includes('inspector') ? thread : inLoop(thread)
    const stayed = thread.looks.every(
      ({ kernel, frames: known }) =>
        known.length === 0 &&
        !isUnknown(kernel) &&
        kernel.voluntarySwitches === counted.voluntary &&
        kernel.involuntarySwitches === counted.involuntary,
    )
    return stayed ? withFrames(thread, frames, memory.detailsOf(thread.tid)) : thread
  }
}

/** Nothing but the loop is on its stack: what the kernel calls a wait for descriptors is that of its event loop. */
function inLoop(thread: Thread): Thread {
  return {
    ...thread,
    seenBy: [...thread.seenBy, 'memory'],
    looks: thread.looks.map(look =>
      inLoopCall(look.activity) ? { ...look, activity: { kind: 'event-loop' } } : look,
    ),
  }
}

function inLoopCall(activity: Activity): boolean {
  return activity.kind === 'system-call' && activity.call.name.startsWith('epoll_')
}

function withFrames(thread: Thread, frames: readonly Frame[], details: StackDetails): Thread {
  return {
    ...thread,
    seenBy: [...thread.seenBy.filter(source => source !== 'inspector'), 'memory'],
    looks: thread.looks.map(look => ({
      ...look,
      activity:
        look.activity.kind === 'system-call'
          ? activityBehind(look.activity.call, frames, details)
          : look.activity,
      frames: [...frames],
    })),
  }
}
