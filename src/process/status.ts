/** `/proc/<pid>/status` and `/proc/<pid>/task/<tid>/status`: proc_pid_status(5). */
import { constants } from 'node:os'
import { textOf } from './proc.ts'

export interface Status {
  readonly name: string
  /** The process that the thread belongs to; equal to `pid` for a main thread. */
  readonly process: number
  readonly tracer: number
  /** Real and effective user. */
  readonly uid: number
  readonly effectiveUid: number
  readonly gid: number
  /** The same thread in nested pid namespaces, ours first, its own last. */
  readonly namespacePids: readonly number[]
  readonly threads: number
  readonly signals: {
    /** Pending for the thread, and for the process as a whole. */
    readonly pending: bigint
    readonly sharedPending: bigint
    readonly blocked: bigint
    readonly ignored: bigint
    readonly caught: bigint
  }
  readonly voluntarySwitches: number
  readonly involuntarySwitches: number
}

/** Undefined for text that is not a status file. */
export function parseStatus(text: string): Status | undefined {
  const numbers = (key: string) => (field(text, key) ?? '').split(/\s+/).filter(Boolean).map(Number)
  const mask = (key: string) => {
    const hex = field(text, key) ?? ''
    return /^[0-9a-f]+$/i.test(hex) ? BigInt(`0x${hex}`) : 0n
  }
  const process = numbers('Tgid')[0]
  if (process === undefined || !Number.isFinite(process)) return undefined
  return {
    name: field(text, 'Name') ?? '',
    process,
    tracer: numbers('TracerPid')[0] ?? 0,
    uid: numbers('Uid')[0] ?? -1,
    effectiveUid: numbers('Uid')[1] ?? -1,
    gid: numbers('Gid')[0] ?? -1,
    namespacePids: numbers('NSpid'),
    threads: numbers('Threads')[0] ?? 0,
    signals: {
      pending: mask('SigPnd'),
      sharedPending: mask('ShdPnd'),
      blocked: mask('SigBlk'),
      ignored: mask('SigIgn'),
      caught: mask('SigCgt'),
    },
    voluntarySwitches: numbers('voluntary_ctxt_switches')[0] ?? 0,
    involuntarySwitches: numbers('nonvoluntary_ctxt_switches')[0] ?? 0,
  }
}

/** The text of one line, `\nKey:\t` before it. */
export function field(text: string, key: string): string | undefined {
  const at = text.startsWith(`${key}:`) ? 0 : text.indexOf(`\n${key}:`) + 1
  if (at === 0 && !text.startsWith(`${key}:`)) return undefined
  const end = text.indexOf('\n', at)
  return text.slice(at + key.length + 1, end === -1 ? undefined : end).trim()
}

/** Undefined when there is no such process. Also answers for the id of a thread: then `process` differs from it. */
export function readStatus(pid: number): Status | undefined {
  return parseStatus(textOf(`/proc/${pid}/status`) ?? '')
}

export function readThreadStatus(pid: number, tid: number): Status | undefined {
  return parseStatus(textOf(`/proc/${pid}/task/${tid}/status`) ?? '')
}

/** Whether a mask of `signals` holds a signal. */
export function holdsSignal(mask: bigint, signal: keyof typeof constants.signals): boolean {
  return (mask & (1n << BigInt(constants.signals[signal] - 1))) !== 0n
}
