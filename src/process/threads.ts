/** The threads of a process as the kernel sees them: `/proc/<pid>/task/<tid>/*` (proc_pid_task(5)). */
import { isUnknown, type KernelView, type SystemCall, type Unknown } from '../snapshot/model.ts'
import { childrenOf } from './children.ts'
import { isPrivateLoop } from './main-loop.ts'
import { numbersIn, readProc, textOf } from './proc.ts'
import { cpuMs, readThreadStat } from './stat.ts'
import { field, holdsSignal, readThreadStatus } from './status.ts'
import { type CallInProgress, describeCall, epollWait, readSystemCall } from './system-calls.ts'
import { roleOf, stacks, type ThreadRole } from './thread-roles.ts'

export interface KernelThread extends ThreadRole {
  readonly tid: number
  /** The thread's name; in Node 24 and later a Worker's own. */
  readonly comm: string
  /** Order of creation. */
  readonly startTicks: number
  readonly view: KernelView
  /** The raw form of `view.systemCall`. */
  readonly call: CallInProgress | null | Unknown
}

/** All threads in the order of their creation. `arch` is the target's. */
export function threadsOf(pid: number, arch: string = process.arch): readonly KernelThread[] | Unknown {
  const tids = numbersIn(`/proc/${pid}/task`)
  if (isUnknown(tids)) return tids
  const stackOf = stacks(pid)
  const main = readThreadStatus(pid, pid)
  const usr1IsBlocked = main !== undefined && holdsSignal(main.signals.blocked, 'SIGUSR1')
  return tids
    .flatMap(tid => readThread(pid, tid, arch, usr1IsBlocked, stackOf) ?? [])
    .sort((a, b) => a.startTicks - b.startTicks || a.tid - b.tid)
}

/** One thread now; undefined when it has ended. */
export function viewOf(pid: number, tid: number, arch: string = process.arch): KernelView | undefined {
  return look(pid, tid, arch)?.view
}

/** How often a thread has left the processor: by waiting, and by being sent away. */
export interface Switches {
  readonly voluntary: number
  readonly involuntary: number
}

/**
 * The context switches of threads. A thread whose numbers did not change between two readings has not left its wait in
 * between. Threads that ended are absent.
 */
export function switches(pid: number, tids: readonly number[]): ReadonlyMap<number, Switches> {
  const found = new Map<number, Switches>()
  for (const tid of tids) {
    const text = textOf(`/proc/${pid}/task/${tid}/status`)
    if (text === undefined) continue
    // Both stand in the last two lines of a file of sixty.
    const tail = text.slice(-80)
    const voluntary = Number(field(tail, 'voluntary_ctxt_switches'))
    const involuntary = Number(field(tail, 'nonvoluntary_ctxt_switches'))
    if (Number.isFinite(voluntary + involuntary)) found.set(tid, { voluntary, involuntary })
  }
  return found
}

function readThread(
  pid: number,
  tid: number,
  arch: string,
  usr1IsBlocked: boolean,
  stackOf: ReturnType<typeof stacks>,
): KernelThread | undefined {
  const seen = look(pid, tid, arch)
  if (!seen) return undefined
  const { comm, startTicks, view, call, blocked } = seen
  const inCall = call !== null && !isUnknown(call) ? call : undefined
  const inEpoll = inCall !== undefined && epollWait(inCall, arch) !== undefined
  const stackPointer = inCall && { stackPointer: inCall.stackPointer }
  const traits = { pid, tid, comm, blocked, usr1IsBlocked, inEpoll, ...stackPointer }
  return { tid, comm, startTicks, view, call, ...roleOf(traits, stackOf) }
}

function look(pid: number, tid: number, arch: string) {
  const call = readSystemCall(pid, tid)
  const stat = readThreadStat(pid, tid)
  const status = readThreadStatus(pid, tid)
  if (!stat || !status) return undefined
  const view: KernelView = {
    state: stat.state,
    systemCall: call === null || isUnknown(call) ? call : described(pid, tid, call, arch),
    waitChannel: waitChannel(pid, tid),
    cpuMs: cpuMs(stat),
    voluntarySwitches: status.voluntarySwitches,
    involuntarySwitches: status.involuntarySwitches,
  }
  return { comm: stat.comm, startTicks: stat.startTicks, view, call, blocked: status.signals.blocked }
}

/** A call in words; what looks like the event loop of the main thread may be that of `spawnSync`. */
function described(pid: number, tid: number, call: CallInProgress, arch: string): SystemCall {
  const plain = describeCall(pid, tid, call, arch)
  const wait = tid === pid ? epollWait(call, arch) : undefined
  if (!wait || isPrivateLoop(pid, wait.fd, arch) !== true) return plain
  const child = childrenOf(pid, tid).at(-1)
  const meaning = child
    ? `spawnSync or execSync: waits for child ${child.pid} (${child.command})`
    : 'spawnSync or execSync: waits for a child'
  return { ...plain, meaning }
}

/** `/proc/<pid>/task/<tid>/wchan`: a kernel function's name, `0` while the thread runs or where it may not be known. */
function waitChannel(pid: number, tid: number): string | null | Unknown {
  const text = readProc(`/proc/${pid}/task/${tid}/wchan`)
  return isUnknown(text) ? text : text === '0' || text === '' ? null : text
}
