/** The main thread where the inspector could not be had: the kernel's word, and its stack where memory shows it. */
import type { Target } from '../process/target.ts'
import { type Frame, isUnknown, type Thread, type ThreadLook, type Unknown } from '../snapshot/model.ts'
import type { Look } from './look.ts'
import type { StackDetails } from './memory-frames.ts'
import { activityBehind } from './native-activity.ts'
import { kernelActivity, loopOf, outsideLook } from './process-record.ts'

/** `stacks`: what memory showed in each look; empty when it was not asked; `turns`: how often its loop had turned in each, where that
 * is known. With why it did not show one, if that is so. */
export function outsideMain(
  target: Target,
  looks: readonly Look[],
  stacks: readonly (readonly Frame[] | Unknown)[],
  turns: ReadonlyMap<Look, number>,
  details: StackDetails = {},
): { readonly main: Thread; readonly failure: string | undefined } {
  const { pid } = target
  // A stack beside a look without one would look like a thread that moves.
  const failure = stacks.find(isUnknown)
  const seen = failure === undefined ? stacks.flatMap(stack => (isUnknown(stack) ? [] : [stack])) : []
  const last = looks.at(-1)?.kernel.get(pid)
  const main: Thread = {
    id: `p${pid}/t0`,
    tid: pid,
    threadId: 0,
    name: 'main',
    role: 'main',
    seenBy: ['proc', ...(seen.length > 0 ? ['memory' as const] : [])],
    looks: looks.map((look, index) => {
      const loopTurns = turns.get(look)
      return {
        ...lookAt(target, look, seen[index] ?? [], details),
        ...(loopTurns === undefined ? {} : { loopTurns }),
      }
    }),
  }
  const inLoop = main.looks.at(-1)?.activity.kind === 'event-loop' || seen.length === 0
  const loop = last === undefined || !inLoop ? undefined : loopOf(target, last)
  return { main: loop === undefined ? main : { ...main, loop }, failure: failure?.unknown }
}

function lookAt(target: Target, look: Look, frames: readonly Frame[], details: StackDetails): ThreadLook {
  const kernel = look.kernel.get(target.pid)
  const outside = outsideLook(target, look.at, kernel)
  const activity = kernel === undefined || frames.length === 0 ? undefined : kernelActivity(kernel)
  // With more than the loop on its stack it is in no event loop, whatever the descriptor that it waits on looks like.
  return activity?.kind === 'system-call'
    ? { ...outside, activity: activityBehind(activity.call, frames, details), frames: [...frames] }
    : { ...outside, frames: [...frames] }
}
