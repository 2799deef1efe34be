/** Whether a main thread that sleeps in a futex does so for JavaScript (`Atomics.wait`, which V8 can interrupt) or in native code. */

import { systemCallName } from '../process/system-call-names.ts'
import { readSystemCall } from '../process/system-calls.ts'
import type { Target } from '../process/target.ts'
import { isUnknown } from '../snapshot/model.ts'

/** Its arguments are those of a lock of the C library: V8 waits for its condition variables in another way. */
export function mayBeNativeLock({ pid, runtime }: Target): boolean {
  const call = readSystemCall(pid, pid)
  if (call === null || isUnknown(call) || systemCallName(call.number, runtime.arch) !== 'futex') return false
  const operation = Number(call.arguments[1]! & 0xffffn)
  // A plain wait; a wait that other processes could share, which only pthread_join makes.
  return (operation & 127) === 0 || operation === (9 | 256)
}

/**
 * The function that it sleeps in, by its stack: undefined where that is V8's wait for JavaScript, or where it is not known.
 * It costs tens of milliseconds.
 */
export async function nativeFutex({ pid, executable, runtime }: Target): Promise<string | undefined> {
  const call = readSystemCall(pid, pid)
  if (call === null || isUnknown(call) || systemCallName(call.number, runtime.arch) !== 'futex')
    return undefined
  const { readThreadStack } = await import('../memory/thread-stack.ts')
  const stack = readThreadStack(pid, pid, executable)
  if (isUnknown(stack)) return undefined
  const end = stack.functions.findIndex(({ kind }) => kind !== 'native')
  if (end === -1) return undefined
  const names = stack.functions.slice(0, end).map(({ function: name }) => name)
  if (names.some(name => name.startsWith('v8::internal::FutexEmulation::'))) return undefined
  // It ends an inspector that was open before: that is done in a moment.
  if (names.some(name => name.startsWith('node::inspector::'))) return undefined
  // Without the names of Node's own functions nothing is told.
  if (!names.some(name => /^(?:v8|node|v8impl)::/.test(name))) return undefined
  return names.find(name => name !== '')
}
