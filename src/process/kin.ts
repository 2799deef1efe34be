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
    for (const ancestor of ancestorsOf(other)) if (ancestor === pid) return true
    return false
  })
}

/** Those that a process comes from, its parent first. */
export function* ancestorsOf(pid: number): Generator<number> {
  for (let at = readStat(pid)?.parent ?? 0; at > 0; at = readStat(at)?.parent ?? 0) yield at
}
