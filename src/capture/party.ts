/** The parties that threads behind the inspector are, and what a look saw of each. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import type { Look, Stack } from './look.ts'

/** `p<pid>/t<threadId>`. */
export function partyOf(pid: number, thread: InspectedThread): string {
  return `p${pid}/t${thread.threadId}`
}

/** The stack of a thread in a look, when it gave one. */
export function stackIn(look: Look, thread: InspectedThread): Stack | undefined {
  const stack: Stack | Unknown | undefined = look.stacks.get(thread)
  return stack === undefined || isUnknown(stack) ? undefined : stack
}

export function hasFrames(look: Look, thread: InspectedThread): boolean {
  return (stackIn(look, thread)?.frames.length ?? 0) > 0
}

/** The threads that gave a stack in a look, with its frames. */
export function* framesOf(look: Look) {
  for (const [thread, stack] of look.stacks) if (!isUnknown(stack)) yield [thread, stack.frames] as const
}
