/** Kernel locks of files, by flock(2) and fcntl(2): `/proc/locks` (proc_locks(5)) and the `lock:` lines of fdinfo. */
import { isUnknown } from '../snapshot/model.ts'
import { numbersIn, textOf } from './proc.ts'

export interface FileLock {
  /** The number of the lock that is held; those that wait for it have the same. */
  readonly number: number
  readonly waits: boolean
  /** `FLOCK`, `POSIX`, `OFDLCK`. */
  readonly kind: string
  readonly mode: 'shared' | 'exclusive'
  /** The process that asked for it; -1 for a lock of an open file description. */
  readonly pid: number
  /** Device and inode, `fe:00:4711`. */
  readonly file: string
  /** First and last byte, `0 EOF`. */
  readonly range: string
}

/** `1: FLOCK  ADVISORY  WRITE 359 00:13:11691 0 EOF`, and `1: -> FLOCK …` for one that waits. */
export function parseLocks(text: string): FileLock[] {
  return [
    ...text.matchAll(
      /(\d+): (-> )?(\w+)\s+\w+\s+(READ|WRITE)\s+(-?\d+)\s+(\w+:\w+:\d+)\s+(\d+ (?:\d+|EOF))/g,
    ),
  ].map(([, number, arrow, kind, mode, pid, file, range]) => ({
    number: Number(number),
    waits: arrow !== undefined,
    kind: kind!,
    mode: mode === 'READ' ? 'shared' : 'exclusive',
    pid: Number(pid),
    file: file!,
    range: range!,
  }))
}

/** The lock that a process waits for; undefined where that cannot be told apart from others. */
export function lockAwaited(pid: number): FileLock | undefined {
  const locks = parseLocks(textOf('/proc/locks') ?? '')
  const [own, second] = locks.filter(lock => lock.waits && lock.pid === pid)
  if (own === undefined || second !== undefined) return undefined
  return locks.find(lock => !lock.waits && lock.number === own.number)
}

/** Whether a process has this very lock: one of an open file description belongs to all that have it open. */
export function hasLock(pid: number, lock: FileLock): boolean {
  const fds = numbersIn(`/proc/${pid}/fd`)
  if (isUnknown(fds)) return false
  return fds.some(fd =>
    parseLocks((textOf(`/proc/${pid}/fdinfo/${fd}`) ?? '').split('\n').filter(isLockLine).join('\n')).some(
      own =>
        own.kind === lock.kind &&
        own.file === lock.file &&
        own.range === lock.range &&
        own.mode === lock.mode &&
        own.pid === lock.pid,
    ),
  )
}

function isLockLine(line: string): boolean {
  return line.startsWith('lock:')
}
