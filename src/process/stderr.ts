/** Whether a process can still write to its standard error output. */
import { constants, statSync } from 'node:fs'
import { isUnknown } from '../snapshot/model.ts'
import { openFlags } from './descriptors.ts'
import { known, numbersIn, readLink } from './proc.ts'
import { readThreadStatus } from './status.ts'
import { systemCallName } from './system-call-names.ts'
import { readSystemCall } from './system-calls.ts'

/**
 * Node would announce its inspector on stderr. When a thread already sleeps in a write to the pipe, socket or terminal
 * behind fd 2, nobody reads that, and the thread that announces would sleep beside it. Whether a pipe is full cannot be
 * learned without writing to it; the sleeping writer is the one harmless sign.
 */
export function stuckOnStderr(pid: number, arch: string): { tid: number; link: string } | undefined {
  const stderr = readLink(`/proc/${pid}/fd/2`)
  if (isUnknown(stderr) || !canFill(pid, stderr) || neverBlocks(pid, 2)) return undefined
  for (const tid of known(numbersIn(`/proc/${pid}/task`)) ?? []) {
    if (!sleepsInWrite(pid, tid, stderr, arch)) continue
    // A busy logger may just wait for its reader: only a write that goes on is stuck.
    const switches = readThreadStatus(pid, tid)?.voluntarySwitches
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    if (!sleepsInWrite(pid, tid, stderr, arch) || readThreadStatus(pid, tid)?.voluntarySwitches !== switches)
      continue
    return { tid, link: stderr }
  }
  return undefined
}

/** O_NONBLOCK, as `process.stderr` sets it once it is used: a write to what is full fails at once, and harms nobody. */
function neverBlocks(pid: number, fd: number): boolean {
  return ((openFlags(pid, fd) ?? 0) & constants.O_NONBLOCK) !== 0
}

/** Pipes, sockets and terminals can be full; `stat` follows the link without opening what is behind it. */
function canFill(pid: number, link: string): boolean {
  if (/^(pipe|socket):/.test(link)) return true
  const stats = statSync(`/proc/${pid}/fd/2`, { throwIfNoEntry: false })
  return stats !== undefined && (stats.isFIFO() || /^\/dev\/(pts|tty|console)/.test(link))
}

function sleepsInWrite(pid: number, tid: number, link: string, arch: string): boolean {
  const call = readSystemCall(pid, tid)
  if (call === null || isUnknown(call)) return false
  if (!['write', 'writev', 'sendto', 'sendmsg'].includes(systemCallName(call.number, arch) ?? ''))
    return false
  return readLink(`/proc/${pid}/fd/${BigInt.asIntN(32, call.arguments[0]!)}`) === link
}
