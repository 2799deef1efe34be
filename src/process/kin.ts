/** How processes are related, as far as what they have open goes. */
import { readStat } from './stat.ts'

/** kthreadd, whose children are the threads of the kernel. */
export function isKernelThread(pid: number): boolean {
  return pid === 2 || readStat(pid)?.parent === 2
}

/** Descriptors are inherited: by what they started, and by what runs in their session. */
export function isKin(pid: number, holders: readonly number[]): boolean {
  const sessions = holders.map(holder => readStat(holder)?.session)
  if (sessions.includes(readStat(pid)?.session)) return true
  for (let at = readStat(pid)?.parent ?? 0; at > 1; at = readStat(at)?.parent ?? 0)
    if (holders.includes(at)) return true
  return false
}
