/** Which of the ports that a process listens on is its inspector's. */
import { isUnknown } from '../snapshot/model.ts'
import { watchedBy } from './event-loop.ts'
import type { ListeningPort } from './sockets.ts'
import { epollWait } from './system-calls.ts'
import type { KernelThread } from './threads.ts'

/**
 * The inspector serves its port from a thread and a loop of its own, so the port is the one which that thread's epoll
 * instance watches. Undefined when there is none, or when the thread is at work just now.
 */
export function inspectorPort(
  pid: number,
  ports: readonly ListeningPort[],
  threads: readonly KernelThread[],
  arch: string = process.arch,
): ListeningPort | undefined {
  if (ports.length === 0) return undefined
  for (const { role, call } of threads) {
    if (role !== 'inspector' || call === null || isUnknown(call)) continue
    const wait = epollWait(call, arch)
    const watched = wait && watchedBy(pid, wait.fd)
    const port = watched && !isUnknown(watched) ? ports.find(({ fd }) => watched.includes(fd)) : undefined
    if (port) return port
  }
  return undefined
}
