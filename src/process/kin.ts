/**
 * How processes are related, as far as what they have open goes: descriptors are inherited. (That one was sent through a
 * Unix socket is not considered.)
 */
import { readStat } from './stat.ts'

/** Whether a process comes from one of the others, or runs in a session with one. */
export function isKin(pid: number, holders: readonly number[]): boolean {
  const sessions = holders.map(holder => readStat(holder)?.session)
  return sessions.includes(readStat(pid)?.session) || holders.some(holder => isAncestor(holder, [pid]))
}

/** Whether one of the others comes from a process. */
export function isAncestor(pid: number, others: readonly number[]): boolean {
  return others.some(other => {
    for (let at = parentOf(other); at > 0; at = parentOf(at)) if (at === pid) return true
    return false
  })
}

function parentOf(pid: number): number {
  return readStat(pid)?.parent ?? 0
}
