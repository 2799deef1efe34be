/** What the kernel counts for the processes of a tree: the only witness of progress, since nothing is piped. */
import { textOf } from '../process/proc.ts'
import { cpuMs, type Stat } from '../process/stat.ts'
import { field } from '../process/status.ts'

/** Sums over all processes of a tree, since each of them started. */
export interface Counters {
  /** When they were read, milliseconds on the clock of `performance.now()`. */
  readonly at: number
  /** Which processes there are, as one text. */
  readonly members: string
  readonly cpuMs: number
  /** Bytes read and written by system calls (proc_pid_io(5)): files, pipes, sockets and terminals alike. */
  readonly bytes: number
  /** How often the main threads have left the processor. */
  readonly switches: number
}

export function readCounters(living: readonly Stat[], at: number): Counters {
  let bytes = 0
  let switches = 0
  let cpu = 0
  for (const stat of living) {
    cpu += cpuMs(stat)
    const io = textOf(`/proc/${stat.id}/io`)
    if (io !== undefined) bytes += number(io, 'rchar') + number(io, 'wchar')
    const status = textOf(`/proc/${stat.id}/status`)
    if (status !== undefined)
      switches += number(status, 'voluntary_ctxt_switches') + number(status, 'nonvoluntary_ctxt_switches')
  }
  const members = living.map(({ id, startTicks }) => `${id}:${startTicks}`).join()
  return { at, members, cpuMs: cpu, bytes, switches }
}

function number(text: string, key: string): number {
  const value = Number(field(text, key))
  return Number.isFinite(value) ? value : 0
}
