/** The main thread where the inspector could not be had: the kernel's word, and its stack where memory shows it. */
import type { Target } from '../process/target.ts'
import {
  type Frame,
  type Gap,
  isUnknown,
  type Thread,
  type ThreadLook,
  type Unknown,
} from '../snapshot/model.ts'
import type { Look } from './look.ts'
import type { StackDetails } from './memory-frames.ts'
import { activityBehind } from './native-activity.ts'
import type { Closed } from './open-inspector.ts'
import { kernelActivity, loopOf, outsideLook } from './process-record.ts'

/** `stacks`: what memory showed in each look; empty when it was not asked. `unseen`: there are workers without a stack. */
export function outsideMain(
  target: Target,
  looks: readonly Look[],
  stacks: readonly (readonly Frame[] | Unknown)[],
  closed: Closed,
  unseen: boolean,
  details: StackDetails = {},
): { readonly main: Thread; readonly gap: Gap } {
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
    looks: looks.map((look, index) => lookAt(target, look, seen[index] ?? [], details)),
  }
  const inLoop = main.looks.at(-1)?.activity.kind === 'event-loop' || seen.length === 0
  const loop = last === undefined || !inLoop ? undefined : loopOf(target, last)
  const { reason, remedy } = closed
  return {
    main: loop === undefined ? main : { ...main, loop },
    gap:
      seen.length > 0
        ? {
            what: unseen
              ? 'the JavaScript stacks of workers, and variables that no inner function uses (by which some locks are recognised)'
              : 'variables that no inner function uses (by which some locks are recognised)',
            reason,
            remedy,
          }
        : {
            what: 'the JavaScript stacks of all threads',
            reason:
              failure === undefined
                ? reason
                : `${reason} The main thread's was not to be had from its memory either: ${failure.unknown}.`,
            remedy,
          },
  }
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
