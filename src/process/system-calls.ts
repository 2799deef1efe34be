/** What a thread waits for in the kernel: `/proc/<pid>/task/<tid>/syscall` (proc_pid_syscall(5)), in words. */
import { isUnknown, type SystemCall, type Unknown } from '../snapshot/model.ts'
import { childrenOf } from './children.ts'
import { commandOf, printable } from './command-line.ts'
import { descriptor, inWords } from './descriptors.ts'
import { readProc } from './proc.ts'
import { systemCallName } from './system-call-names.ts'

/** The raw content of the file. */
export interface CallInProgress {
  readonly number: number
  readonly arguments: readonly bigint[]
  readonly stackPointer: bigint
}

/** `null`: not in a system call, the thread runs or is about to. */
export function parseSystemCall(text: string): CallInProgress | null | Unknown {
  const words = text.trim().split(' ')
  const [number, ...rest] = words
  if (number === 'running' || number === '-1') return null
  if (words.length < 9 || !words.every(word => /^(\d+|0x[0-9a-f]+)$/.test(word))) {
    return { unknown: 'the kernel does not tell which system call it is' }
  }
  return { number: Number(number), arguments: rest.slice(0, 6).map(BigInt), stackPointer: BigInt(rest[6]!) }
}

/** The call that a thread stands in. Reading it needs the permission to trace (PTRACE_MODE_ATTACH). */
export function readSystemCall(pid: number, tid: number): CallInProgress | null | Unknown {
  const text = readProc(`/proc/${pid}/task/${tid}/syscall`)
  return isUnknown(text) ? text : parseSystemCall(text)
}

/** What the arguments of a call stand for, in words. */
export interface Surroundings {
  descriptor(fd: number): string
  /** Of a wait for a child: any, or this one. */
  child(wanted: number | undefined): string
  /** At an address in the memory of the process, where that can be read. */
  text?(address: number): string
}

/** A call with its name and its meaning. `arch` is the target's. */
export function describeCall(pid: number, _tid: number, call: CallInProgress, arch: string): SystemCall {
  return callInWords(call, arch, {
    descriptor: fd => {
      const what = descriptor(pid, fd)
      return isUnknown(what) ? `fd ${fd}` : inWords(what)
    },
    child: wanted => {
      const child = wanted ?? childrenOf(pid)[0]?.pid
      return child === undefined ? 'a child process' : `child ${child} (${commandOf(child, 80)})`
    },
  })
}

/** The same of a process that may not be here. */
export function callInWords(call: CallInProgress, arch: string, surroundings: Surroundings): SystemCall {
  const name = systemCallName(call.number, arch)
  const shown = call.arguments.map(argument => `0x${argument.toString(16)}`)
  if (name === undefined) {
    const meaning = `system call ${call.number} of ${arch}, whose name Impasse does not know`
    return { number: call.number, name: `syscall_${call.number}`, meaning, arguments: shown }
  }
  return {
    number: call.number,
    name,
    meaning: meaningOf(name, { args: call.arguments, surroundings }),
    arguments: shown,
  }
}

export interface EpollWait {
  readonly fd: number
  /** Null: no timer is set. */
  readonly timeoutMs: number | null | Unknown
}

/** The epoll instance that a thread waits on; undefined when it stands elsewhere. */
export function epollWait(call: CallInProgress, arch: string): EpollWait | undefined {
  const name = systemCallName(call.number, arch)
  if (!name?.startsWith('epoll_')) return undefined
  const fd = asInt(call.arguments[0]!)
  // epoll_pwait2 gives a pointer to a timespec, which is in the target's memory.
  if (name === 'epoll_pwait2')
    return { fd, timeoutMs: call.arguments[3] === 0n ? null : { unknown: 'the time-out is in memory' } }
  const timeout = asInt(call.arguments[3]!)
  return { fd, timeoutMs: timeout < 0 ? null : timeout }
}

interface Asked {
  readonly surroundings: Surroundings
  readonly args: readonly bigint[]
}

const reads = (asked: Asked) => `reads ${fdInWords(asked)}`
const writes = (asked: Asked) => `writes to ${fdInWords(asked)}`
const sleeps = () => 'sleeps for a set time'
const accepts = (asked: Asked) => `waits for a connection on ${fdInWords(asked)}`
const opens = (path: number) => (asked: Asked) => {
  const name = printable(asked.surroundings.text?.(Number(asked.args[path])) ?? '')
  return `opens ${name === '' ? 'a file' : name} (a FIFO opens only when its other end does)`
}
const starts = () => 'starts a process or thread'

const meanings: Record<string, (asked: Asked) => string> = {
  read: reads,
  readv: reads,
  pread64: reads,
  preadv: reads,
  recvfrom: reads,
  recvmsg: reads,
  write: writes,
  writev: writes,
  pwrite64: writes,
  pwritev: writes,
  sendto: writes,
  sendmsg: writes,
  sendfile: writes,
  accept: accepts,
  accept4: accepts,
  connect: asked => `connects ${fdInWords(asked)}`,
  nanosleep: sleeps,
  clock_nanosleep: sleeps,
  open: opens(0),
  openat: opens(1),
  openat2: opens(1),
  clone: starts,
  clone3: starts,
  fork: starts,
  vfork: () => 'starts a process, and waits until that runs its program',
  futex: futexInWords,
  futex_wait: () => 'waits for another thread (futex)',
  futex_waitv: () => 'waits for another thread (futex)',
  wait4: childInWords,
  waitid: childInWords,
  flock: asked => `waits for the file lock (flock) of ${fdInWords(asked)}`,
  fcntl: asked =>
    [7n, 38n].includes(asked.args[1]!)
      ? `waits for a file lock (fcntl) of ${fdInWords(asked)}`
      : `fcntl on ${fdInWords(asked)}`,
  fsync: asked => `waits until ${fdInWords(asked)} is on disk`,
  fdatasync: asked => `waits until ${fdInWords(asked)} is on disk`,
  ioctl: asked => `controls ${fdInWords(asked)}`,
  poll: ({ args }) => `waits for ${args[1]} descriptors, ${timerInWords(asInt(args[2]!))}`,
  ppoll: ({ args }) => `waits for ${args[1]} descriptors`,
  select: () => 'waits for descriptors',
  pselect6: () => 'waits for descriptors',
  pause: () => 'waits for a signal',
  rt_sigsuspend: () => 'waits for a signal',
  rt_sigtimedwait: () => 'waits for a signal',
  io_uring_enter: () => 'waits for an operation of io_uring',
  restart_syscall: () => 'goes on with a timed wait that a signal interrupted',
  exit: () => 'ends',
  exit_group: () => 'the process ends',
}

function meaningOf(name: string, asked: Asked): string {
  if (name.startsWith('epoll_')) {
    // spawnSync and execSync run a loop of their own, which looks the same: see event-loop.ts.
    const timeout = name === 'epoll_pwait2' ? (asked.args[3] === 0n ? -1 : Number.NaN) : asInt(asked.args[3]!)
    return `event loop, ${timerInWords(timeout)}`
  }
  return meanings[name]?.(asked) ?? `in ${name}`
}

function timerInWords(timeoutMs: number): string {
  if (Number.isNaN(timeoutMs)) return 'a timer is set'
  return timeoutMs < 0 ? 'no timer' : `next timer after ${timeoutMs} ms`
}

/** futex(2): FUTEX_WAIT is 0 and FUTEX_WAIT_BITSET 9, FUTEX_PRIVATE_FLAG 128 and FUTEX_CLOCK_REALTIME 256. */
function futexInWords({ args }: Asked): string {
  const operation = asInt(args[1]!) & 127
  if (operation === 6 || operation === 13) return 'waits for a mutex that another thread holds (futex)'
  if (operation !== 0 && operation !== 9) return 'wakes other threads (futex)'
  return args[3] === 0n
    ? 'waits for another thread, no time limit (futex)'
    : 'waits for another thread, with a time limit (futex)'
}

function childInWords({ surroundings, args }: Asked): string {
  const wanted = asInt(args[0]!)
  return `waits for ${surroundings.child(wanted > 0 ? wanted : undefined)} to end`
}

function fdInWords({ surroundings, args }: Asked): string {
  return surroundings.descriptor(asInt(args[0]!))
}

/** Arguments are 64-bit words; an `int` fills the lower half. */
function asInt(argument: bigint): number {
  return Number(BigInt.asIntN(32, argument))
}
