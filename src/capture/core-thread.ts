/** One thread of a core in the model's words: what it is for and what it did, told by its registers and its native stack. */

import { textAt } from '../memory/core-arguments.ts'
import type { CoreThread } from '../memory/core-notes.ts'
import type { Memory } from '../memory/memory.ts'
import { type CallInProgress, callInWords } from '../process/system-calls.ts'
import { roleByStack } from '../process/thread-roles.ts'
import { type Activity, type Frame, isUnknown, type Thread, type Unknown } from '../snapshot/model.ts'
import type { StackDetails } from './memory-frames.ts'
import { activityBehind, idlesInLoop } from './native-activity.ts'

export function coreThread(
  pid: number,
  thread: CoreThread,
  stack: readonly Frame[] | Unknown,
  details: StackDetails,
  memory: Memory,
): Thread {
  const { tid, blocked } = thread
  const frames = isUnknown(stack) ? [] : stack
  const role = roleByStack({ isMain: tid === pid, blocked, functions: frames })
  const activity = activityOf(thread, stack, memory, details)
  return {
    id: role === 'main' ? `p${pid}/t0` : `p${pid}/n${tid}`,
    tid,
    threadId: role === 'main' ? 0 : null,
    name: role === 'main' ? 'main' : role === 'worker' ? '' : `tid ${tid}`,
    role,
    seenBy: ['memory'],
    looks: [
      {
        at: 0,
        activity,
        frames: activity.kind === 'event-loop' ? [] : [...frames],
        kernel: { unknown: 'a core does not tell' },
      },
    ],
    undisturbed: { from: 0, to: 0 },
  }
}

function activityOf(
  thread: CoreThread,
  stack: readonly Frame[] | Unknown,
  memory: Memory,
  details: StackDetails,
): Activity {
  const call = callOf(thread, memory)
  if (call === undefined)
    return isUnknown(stack) ? { kind: 'unknown', why: stack.unknown } : { kind: 'running' }
  if (!isUnknown(stack) && idlesInLoop(stack)) return { kind: 'event-loop' }
  const told = callInWords(call, 'x64', {
    descriptor: fd => `fd ${fd}`,
    text: address => textAt(memory, address),
    child: wanted => (wanted === undefined ? 'a child process' : `child ${wanted}`),
  })
  return isUnknown(stack) ? { kind: 'system-call', call: told } : activityBehind(told, stack, details)
}

/** EINTR, and what the kernel has in its place while the call is to be taken up again (include/linux/errno.h). */
const INTERRUPTED = [-4, -512, -513, -514, -516]

/** The call that a thread stands in: it stands behind a `syscall` instruction, and the call has not come to an end. */
function callOf({ pc, sp, call }: CoreThread, memory: Memory): CallInProgress | undefined {
  const instruction = memory.bytes(pc - 2, 2)
  if (call.number < 0 || call.number > 1000 || !INTERRUPTED.includes(call.result)) return undefined
  if (instruction === undefined || instruction[0] !== 0x0f || instruction[1] !== 0x05) return undefined
  return { number: call.number, arguments: call.arguments, stackPointer: BigInt(sp) }
}
