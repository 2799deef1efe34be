/** `/proc/<pid>/stat` and `/proc/<pid>/task/<tid>/stat`: proc_pid_stat(5). */
import { textOf } from './proc.ts'

/** The kernel reports times in ticks of USER_HZ, which is 100 on every architecture that Node runs on. */
const msPerTick = 10

export interface Stat {
  /** The pid, or the tid when it is a thread's file. */
  readonly id: number
  /** At most 15 bytes; a thread can change it. */
  readonly comm: string
  /** R, S, D, T (stopped), t (traced), Z (zombie), X (dead), I (idle kernel thread). */
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly userMs: number
  readonly systemMs: number
  readonly threads: number
  /** Clock ticks between the boot of the machine and the start of the process (field 22). */
  readonly startTicks: number
}

/** Undefined for text that is not a stat line. `comm` may hold spaces and parentheses: it ends at the last one. */
export function parseStat(text: string): Stat | undefined {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  if (open < 1 || close < open) return undefined
  const fields = text.slice(close + 2).split(' ')
  // `fields[0]` is field 3 of the manual page.
  const numberAt = (field: number) => Number(fields[field - 3])
  const stat: Stat = {
    id: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '',
    parent: numberAt(4),
    group: numberAt(5),
    session: numberAt(6),
    userMs: numberAt(14) * msPerTick,
    systemMs: numberAt(15) * msPerTick,
    threads: numberAt(20),
    startTicks: numberAt(22),
  }
  return Number.isFinite(stat.id + stat.startTicks) && /^[A-Za-z]$/.test(stat.state) ? stat : undefined
}

/** Undefined when there is no such process (any more). */
export function readStat(pid: number): Stat | undefined {
  return parseStat(textOf(`/proc/${pid}/stat`) ?? '')
}

/** Undefined when there is no such thread (any more). */
export function readThreadStat(pid: number, tid: number): Stat | undefined {
  return parseStat(textOf(`/proc/${pid}/task/${tid}/stat`) ?? '')
}

/** User and system time together. */
export function cpuMs(stat: Stat): number {
  return stat.userMs + stat.systemMs
}

/** The time of the start in the epoch's milliseconds, from `/proc/uptime`: good to a few hundredths of a second. */
export function startTime(startTicks: number): number {
  const uptimeMs = Number.parseFloat(textOf('/proc/uptime') ?? '') * 1000
  return Math.round(Date.now() - uptimeMs + startTicks * msPerTick)
}
