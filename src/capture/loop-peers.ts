/** Event loops that only the other captured processes can still wake. */
import { accessOf } from '../process/descriptors.ts'
import { eventLoopOf, watchedForRoom } from '../process/event-loop.ts'
import { isPrivateLoop } from '../process/main-loop.ts'
import { epollWait, readSystemCall } from '../process/system-calls.ts'
import { switches } from '../process/threads.ts'
import { isUnknown, type LoopSource, type Process, type Thread } from '../snapshot/model.ts'
import type { Attached } from './attach.ts'
import type { Asked } from './between-facts.ts'
import type { Found } from './between-processes.ts'
import { mayBeV8s } from './idle-loops.ts'
import type { Givers, Peers } from './peers.ts'

/** The waits of idle loops of which every source from outside leads to another captured process. */
export async function loopsOfPeers(one: Attached, peers: Peers): Promise<readonly Found[]> {
  const { process, facts } = one
  const found: Found[] = []
  for (const thread of process.threads) {
    const rest = restNow(one, thread)
    if (rest === undefined || rest.sources.length === 0) continue
    const { sources, sending } = rest
    const asked = await Promise.all(
      sources.map(source => askedOf(process.pid, source, sending.includes(source.fd ?? -1), peers)),
    )
    const known = asked.filter(each => each !== undefined)
    if (known.length < sources.length) continue
    // What its own threads can send it is told already, where it has such.
    const own = facts.waits.find(({ party }) => party === thread.id)
    const others =
      own?.request.kind === 'anyOf' ? own.request.requests.filter(({ kind }) => kind !== 'outside') : []
    const evidence = 'all that its event loop watches leads to these processes'
    found.push({
      thread: thread.id,
      waiting: { asked: known, others, call: 'its event loop', evidence },
      ...(own !== undefined && { instead: own }),
    })
  }
  return found
}

/** With the processes at the other ends in the words of what keeps idle threads alive. */
export async function withPeersNamed(one: Attached, peers: Peers): Promise<Attached> {
  const threads: Thread[] = []
  for (const thread of one.process.threads) {
    const { loop } = thread
    const sources: LoopSource[] = []
    for (const [at, source] of (loop?.sources ?? []).entries())
      sources.push(at < MOST_NAMED ? await named(one.process.pid, source, peers) : source)
    threads.push(loop === undefined ? thread : { ...thread, loop: { ...loop, sources } })
  }
  return { ...one, process: { ...one.process, threads } }
}

/** `connected to 127.0.0.1:8080 (process 4711)`, `a Unix socket to process 4711 (fd 3)`. */
async function named(pid: number, source: LoopSource, peers: Peers): Promise<LoopSource> {
  if (source.kind !== 'socket' || source.fd === undefined) return source
  const givers = await peers.through(pid, source.fd, 'read')
  const pids = isUnknown(givers) ? [] : givers.parties.map(party => party.split('/')[0]!.slice(1))
  const [peer, second] = new Set(pids)
  if (peer === undefined || second !== undefined) return source
  const unread = isUnknown(givers) || givers.unread === undefined ? '' : `; ${givers.unread}`
  const text = source.text.includes(UNKNOWN_PEER)
    ? `${source.text.replace(UNKNOWN_PEER, `process ${peer}`)}${unread && ` (${unread.slice(2)})`}`
    : `${source.text} (process ${peer}${unread})`
  return { ...source, text }
}

/** A report shows no more. */
const MOST_NAMED = 50

const UNKNOWN_PEER = 'an unknown peer'

/**
 * All that may wake the loop of a thread from outside of its process, now; undefined where that is not known whole. What
 * the program itself was asked (timers, signals) is from the look at it.
 */
function restNow({ process, settled }: Attached, thread: Thread): Rest | undefined {
  const { id, tid, loop: before } = thread
  if (settled?.has(id) !== true || before?.complete !== true || typeof tid !== 'number') return undefined
  const epoll = epollNow(process, tid)
  const loop = epoll && eventLoopOf(process.pid, tid, epoll)
  if (loop === undefined || isUnknown(loop) || !loop.complete) return undefined
  // A timer as V8 sets them is still the one that was asked about, and was V8's, if the loop has not turned since.
  const same = switches(process.pid, [tid]).get(tid)?.voluntary === settled.get(id)
  const ofV8 = same && !before.sources.some(({ kind }) => kind === 'timer')
  const now = loop.sources.filter(source => source.outside && !(ofV8 && mayBeV8s(source)))
  const asked = before.sources.filter(
    ({ kind, fd, pid, outside }) => outside && kind !== 'timer' && fd === undefined && pid === undefined,
  )
  return {
    sources: [...now, ...asked.filter(source => !now.some(({ text }) => text === source.text))],
    sending: watchedForRoom(process.pid, epoll!.fd),
  }
}

interface Rest {
  readonly sources: readonly LoopSource[]
  /** The descriptors to which it has something to write, which they do not take. */
  readonly sending: readonly number[]
}

function epollNow({ pid, runtime }: Process, tid: number) {
  const call = readSystemCall(pid, tid)
  const wait = call === null || isUnknown(call) ? undefined : epollWait(call, runtime.arch)
  if (wait === undefined || (tid === pid && isPrivateLoop(pid, wait.fd, runtime.arch) !== false))
    return undefined
  return wait
}

/** Undefined for what may come from anywhere. */
async function askedOf(
  pid: number,
  source: LoopSource,
  sends: boolean,
  peers: Peers,
): Promise<Asked | undefined> {
  const givers = await giversOf(pid, source, sends, peers)
  if (givers === undefined || givers.complete !== true) return undefined
  const why = sends ? MAY_READ : MAY
  const unsure = new Map(peers.idle(givers.parties).map(party => [party, why]))
  const kind = source.pid !== undefined ? 'exit' : sends ? 'room' : 'data'
  return { ...givers, sort: 'consumable', kind, unsure }
}

/** Of two loops that wait for each other nothing shows that either wants anything. */
const MAY = 'both are only idle, and nothing shows that either is meant to send anything'

/** Of one that does not read what is sent to it. */
const MAY_READ = 'it is only idle, and nothing shows that it means to read this'

async function giversOf(
  pid: number,
  source: LoopSource,
  sends: boolean,
  peers: Peers,
): Promise<Givers | undefined> {
  if (source.pid !== undefined) return peers.endOf(source.pid)
  if (source.fd === undefined || source.kind === 'server') return undefined
  const does = sends || accessOf(pid, source.fd) === 'write' ? 'write' : 'read'
  const givers = await peers.through(pid, source.fd, does)
  return isUnknown(givers) ? undefined : givers
}
