/** Waits of one process for the end of another that is looked at too: `execSync`, `spawnSync`, a shell for its command. */
import { mayHaveAlarm } from '../process/alarms.ts'
import { type Child, childrenOf } from '../process/children.ts'
import type { Activity, SystemCall, Thread } from '../snapshot/model.ts'
import type { Attached } from './attach.ts'
import type { Found } from './between-processes.ts'
import type { Peers } from './peers.ts'

/** The end, or the first of several, that the main thread of one process waits for. */
export function childExit({ process, facts }: Attached, peers: Peers): Found | undefined {
  const main = process.threads.find(({ tid }) => tid === process.pid)
  if (main === undefined || facts.waits.some(({ party }) => party === main.id)) return undefined
  const waited = childWaitedFor(process.pid, main)
  if (waited === undefined || !waited.pids.every(pid => peers.processes.has(pid))) return undefined
  const doubt = waited.doubt === undefined ? {} : { doubt: waited.doubt }
  return {
    thread: main.id,
    // A process ends once, whatever else its parent is woken by: what the child writes to a pipe, for example.
    lasts: true,
    waiting: {
      asked: waited.pids.map(pid => ({
        sort: 'consumable' as const,
        kind: 'exit',
        ...peers.endOf(pid),
        ...doubt,
      })),
      others: waited.timed ? [{ kind: 'deadline', inMs: null, leaves: true }] : [],
      call: waited.call,
      ...doubt,
    },
  }
}

export interface Waited {
  /** More than one where the first of them to end ends the wait. */
  readonly pids: readonly number[]
  readonly call: string
  readonly timed: boolean
  /** Why it is not sure that it is this child. */
  readonly doubt?: string
}

/** The same call in all looks, and the children that it is about. */
export function childWaitedFor(pid: number, main: Thread): Waited | undefined {
  const calls = main.looks.map(({ activity }) => callIn(activity))
  const call = calls.at(-1)
  if (call === undefined || calls.some(other => other?.name !== call.name)) return undefined
  const children = childrenOf(pid, pid).filter(({ state }) => state !== 'Z' && state !== 'X')
  if (isSynchronousSpawn(call)) {
    // A thread that stands in it starts no other: the child is the youngest.
    const child = children.at(-1)
    return child && { ...chosen(child, children), call: 'spawnSync or execSync', timed: hasLimit(call) }
  }
  if (call.name !== 'wait4' && call.name !== 'waitid') return undefined
  // A wait for one child names it; one for any, where there are several, is for the first to end.
  const wanted = Number(BigInt.asIntN(32, BigInt(call.arguments[call.name === 'wait4' ? 0 : 1] ?? 0)))
  const child = children.find(one => one.pid === wanted)
  const pids = (child === undefined ? children : [child]).map(one => one.pid)
  // Those of a pipeline are few.
  return pids.length === 0 || pids.length > MOST_CHILDREN
    ? undefined
    : { pids, call: call.name, timed: mayHaveAlarm(pid) }
}

const MOST_CHILDREN = 20

function chosen(child: Child, children: readonly Child[]): Pick<Waited, 'pids' | 'doubt'> {
  return children.length === 1
    ? { pids: [child.pid] }
    : { pids: [child.pid], doubt: `it has ${children.length} children, of which this is the youngest` }
}

function callIn(activity: Activity): SystemCall | undefined {
  return activity.kind === 'system-call' ? activity.call : undefined
}

/** A loop within the loop: the words are those of the kernel's view, and of the stack from memory. */
function isSynchronousSpawn({ name, meaning }: SystemCall): boolean {
  return name.startsWith('epoll_') && meaning.includes('spawnSync or execSync')
}

/** The time-out of the loop's wait. */
function hasLimit({ name, arguments: given }: SystemCall): boolean {
  return name === 'epoll_pwait2'
    ? BigInt(given[3] ?? 0) !== 0n
    : BigInt.asIntN(32, BigInt(given[3] ?? 0)) >= 0n
}
