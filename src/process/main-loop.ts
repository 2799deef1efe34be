/**
 * The event loop of the main thread, told from the private loop that `spawnSync` and `execSync` run on the same thread:
 * both look like epoll to the kernel.
 *
 * In Node 18 to 26 the loop of V8's delayed tasks is made first and the main loop right after it, so that the main loop
 * has the next epoll descriptor; a private loop gets a later one.
 */
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { type Descriptor, descriptors } from './descriptors.ts'
import { known, numbersIn } from './proc.ts'
import { readThreadStatus } from './status.ts'
import { epollWait, readSystemCall } from './system-calls.ts'
import { blocksUsr1Only } from './thread-roles.ts'

/** Undefined when the landmark is missing: an embedder with a platform of its own, or no permission. */
export function mainLoopOf(pid: number, arch: string): number | undefined {
  const delayedTasks = delayedTaskLoop(pid, arch)
  const all = delayedTasks === undefined ? undefined : known(descriptors(pid))
  return all && delayedTasks !== undefined ? nextEpoll(all, delayedTasks) : undefined
}

/** Whether the main thread waits in the loop of `epoll`; unknown when the main loop is not known. */
export function isPrivateLoop(pid: number, epoll: number, arch: string): boolean | Unknown {
  const main = mainLoopOf(pid, arch)
  return main === undefined
    ? { unknown: 'the main loop cannot be told apart from one of spawnSync' }
    : main !== epoll
}

export function nextEpoll(all: readonly Descriptor[], after: number): number | undefined {
  return all.find(({ fd, kind }) => kind === 'eventpoll' && fd > after)?.fd
}

/** The thread of V8's delayed tasks is the only one of the platform that waits in epoll. */
function delayedTaskLoop(pid: number, arch: string): number | undefined {
  for (const tid of known(numbersIn(`/proc/${pid}/task`)) ?? []) {
    if (tid === pid) continue
    const call = readSystemCall(pid, tid)
    const wait = call === null || isUnknown(call) ? undefined : epollWait(call, arch)
    if (wait && blocksUsr1Only(readThreadStatus(pid, tid)?.signals.blocked ?? 0n)) return wait.fd
  }
  return undefined
}
