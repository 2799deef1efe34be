/**
 * What a kernel thread of a Node process is for. Names tell from Node 22 (pool) and 24 (all) on; before that all are
 * called `node`. What tells in every version from 18 to 26 (measured) is which signals a thread blocks, and its stack:
 *
 * - V8's platform starts while SIGUSR1 is blocked, so its threads block SIGUSR1 and nothing else;
 * - the thread that waits for SIGUSR1, to open the inspector, blocks all signals;
 * - libuv's pool, the inspector's server and Workers block nothing. Only a Worker's stack has 4 MiB (node_worker.h).
 *
 * With `--disable-sigusr1` all of them block SIGUSR1, as the main thread does: then it marks nobody.
 */
import { constants } from 'node:os'
import type { Thread } from '../snapshot/model.ts'
import { textOf } from './proc.ts'
import { holdsSignal } from './status.ts'

export interface ThreadTraits {
  readonly pid: number
  readonly tid: number
  readonly comm: string
  readonly blocked: bigint
  /** The main thread blocks SIGUSR1, and so does whatever it starts. */
  readonly usr1IsBlocked: boolean
  /** It waits in a loop of its own. */
  readonly inEpoll: boolean
  /** Undefined where it cannot be told (no permission, or the thread runs). */
  readonly stackPointer?: bigint
}

export interface ThreadRole {
  readonly role: Thread['role']
  /** False when it is the likeliest, but not proven. */
  readonly sure: boolean
  /** True for each thread that may run a Worker's JavaScript: the candidates for a Worker whose tid is not known. */
  readonly mayBeWorker: boolean
}

const sure = (role: Thread['role']): ThreadRole => ({ role, sure: true, mayBeWorker: false })

/** The mark of V8's platform threads. */
export function blocksUsr1Only(blocked: bigint): boolean {
  return blocked === 1n << BigInt(constants.signals.SIGUSR1 - 1)
}

/** `stackOf` is asked only when nothing else tells: it reads the target's memory map. */
export function roleOf(
  traits: ThreadTraits,
  stackOf: (stackPointer: bigint) => number | undefined,
): ThreadRole {
  const { pid, tid, comm, blocked, usr1IsBlocked, inEpoll, stackPointer } = traits
  if (tid === pid) return sure('main')
  if (holdsSignal(blocked, 'SIGUSR1') && !(usr1IsBlocked && blocksUsr1Only(blocked))) {
    if (holdsSignal(blocked, 'SIGTERM') && holdsSignal(blocked, 'SIGINT')) return sure('inspector')
    return blocksUsr1Only(blocked) ? sure('v8') : { role: 'other', sure: false, mayBeWorker: false }
  }
  if (comm.startsWith('v8:') || comm.startsWith('iou-')) return sure(comm.startsWith('v8:') ? 'v8' : 'other')
  if (comm.startsWith('V8Worker') || comm.startsWith('DelayedTask')) return sure('v8')
  const stack = stackPointer === undefined ? undefined : stackOf(stackPointer)
  if (stack === workerStack) return { role: 'worker', sure: true, mayBeWorker: true }
  if (comm === 'libuv-worker') return sure('libuv-pool')
  if (comm === 'InspectorIo') return sure('inspector')
  // A thread that runs has no readable stack pointer; what computes without a name is most likely a Worker.
  if (stack === undefined) return { role: 'worker', sure: false, mayBeWorker: true }
  // The common size of stacks: a Worker only if it was given another (resourceLimits.stackSizeMb).
  if (comm !== 'node') return { role: 'other', sure: false, mayBeWorker: true }
  const others = usr1IsBlocked ? 'v8' : 'libuv-pool'
  return { role: inEpoll ? 'inspector' : others, sure: false, mayBeWorker: true }
}

const workerStack = 4 * 2 ** 20

/** The sizes of a process's stacks: its writable private areas, by address (`/proc/<pid>/maps`, proc_pid_maps(5)). */
export function stacks(pid: number): (stackPointer: bigint) => number | undefined {
  let areas: readonly Area[] | undefined
  return stackPointer => {
    areas ??= parseAreas(textOf(`/proc/${pid}/maps`) ?? '')
    const address = Number(stackPointer) // Addresses of programs have 47 bits, or 56: exact up to 53, near enough after.
    const area = areas[lastNotAbove(areas, address)]
    return area && address < area.to ? area.to - area.from : undefined
  }
}

export interface Area {
  readonly from: number
  readonly to: number
}

/** Anonymous memory that can be read and written, ascending. */
export function parseAreas(maps: string): Area[] {
  const areas: Area[] = []
  for (const line of maps.split('\n')) {
    if (!line.endsWith(' rw-p 00000000 00:00 0 ')) continue
    const [from, to] = line.slice(0, line.indexOf(' ')).split('-')
    areas.push({ from: Number.parseInt(from!, 16), to: Number.parseInt(to!, 16) })
  }
  return areas
}

function lastNotAbove(areas: readonly Area[], address: number): number {
  let low = 0
  let high = areas.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (areas[middle]!.from <= address) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** What a thread is for by the functions on its stack, where names and signals do not tell: in a core. */
export function roleByStack({
  isMain,
  blocked,
  functions,
}: {
  readonly isMain: boolean
  /** 0 where that is not known. */
  readonly blocked: bigint
  readonly functions: readonly { readonly function: string; readonly kind: string }[]
}): Thread['role'] {
  if (isMain) return 'main'
  const native = functions.filter(({ kind }) => kind === 'native')
  const runs = (pattern: RegExp) => native.some(({ function: name }) => pattern.test(name))
  if (runs(/^node::worker::Worker::/) || native.length < functions.length) return 'worker'
  if (runs(/^node::inspector::|StartIoThread|SignalInspector/)) return 'inspector'
  if (runs(/PlatformWorkerThread|WorkerThreadsTaskRunner|^v8::platform::/)) return 'v8'
  // libuv's threadpool.c calls the function of its threads so.
  if (runs(/^worker$/)) return 'libuv-pool'
  if (!holdsSignal(blocked, 'SIGUSR1')) return 'other'
  return blocksUsr1Only(blocked) ? 'v8' : 'inspector'
}
