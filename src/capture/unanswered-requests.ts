/**
 * Programs that wait for an answer of one which does not even read what they ask: in poll, select or an event loop, over
 * nothing but connections to it. That they need the answer, and have no limit of their own, does not show: it is suspected.
 */
import { childrenOf } from '../process/children.ts'
import { type Descriptor, descriptor, descriptors } from '../process/descriptors.ts'
import { isPrivateLoop } from '../process/main-loop.ts'
import { known } from '../process/proc.ts'
import { epollWait, readSystemCall } from '../process/system-calls.ts'
import { isUnknown, type Process, type Thread } from '../snapshot/model.ts'
import type { Attached } from './attach.ts'
import type { Asked } from './between-facts.ts'
import type { Found } from './between-processes.ts'
import { sleep } from './clock.ts'
import { actors, type Peers, sleeps, worksUnseen } from './peers.ts'
import { type Polled, polledBy } from './polled.ts'

/** The wait of the one thread of a process that is not asleep for good. */
export async function unansweredRequest(one: Attached, peers: Peers): Promise<Found | undefined> {
  const { process, facts } = one
  const thread = theOneThatPolls(process)
  if (thread === undefined || typeof thread.tid !== 'number') return undefined
  const polled = await polledNow(process, thread.tid)
  if (polled === undefined || mayGoOn(one, thread, polled)) return undefined
  const fds = await outside(process.pid, polled, peers)
  if (fds === undefined || fds.length === 0 || fds.length > MOST_CONNECTIONS) return undefined
  const asked: Asked[] = []
  for (const { fd, for: wanted } of fds) {
    const reads = wanted === 'readable'
    const givers = await peers.through(process.pid, fd, reads ? 'read' : 'write')
    if (isUnknown(givers) || givers.complete !== true) return undefined
    if (givers.parties.some(party => party.startsWith(`${process.id}/`))) return undefined
    asked.push({ ...givers, sort: 'consumable', kind: reads ? 'data' : 'room' })
  }
  const unread = asked.flatMap(givers => givers.unread ?? [])
  if (unread.length === 0) return undefined
  const own = facts.waits.find(({ party }) => party === thread.id)
  const call = thread.looks.at(-1)!.activity
  return {
    thread: thread.id,
    waiting: {
      asked,
      call: call.kind === 'system-call' && !polled.loop ? call.call.name : 'its event loop',
      doubt: polled.timed ? `${MAY_NOT_NEED}, and it may give up by itself after a time` : MAY_NOT_NEED,
      evidence: `all that it waits for leads to one that does not answer: ${unread[0]}`,
    },
    ...(own !== undefined && { instead: own }),
  }
}

/** A client has few; who has more is a server. */
const MOST_CONNECTIONS = 8

const MAY_NOT_NEED = 'nothing but its wait shows that it needs the answer'

/** In all looks: one thread in such a call, the others in a futex, with no time after which they go on. */
function theOneThatPolls(process: Process): Thread | undefined {
  const [thread, second] = actors(process).filter(other => !sleepsForGood(other))
  if (thread === undefined || second !== undefined || thread.looks.length < 2) return undefined
  if (process.runtime.name !== 'other' && actors(process).length > 1) return undefined
  const polls = thread.looks.every(({ activity }) =>
    activity.kind === 'system-call' ? POLLING.test(activity.call.name) : activity.kind === 'event-loop',
  )
  return polls && !(process.runtime.name === 'other' && computes(thread)) ? thread : undefined
}

/** Between the looks, which cost a process that is not asked anything nothing. */
function computes({ looks }: Thread): boolean {
  const [first, last] = [looks[0]?.kernel, looks.at(-1)?.kernel]
  return !first || !last || isUnknown(first) || isUnknown(last) || last.cpuMs > first.cpuMs
}

function sleepsForGood(thread: Thread): boolean {
  const kernel = thread.looks.at(-1)?.kernel
  const call = kernel === undefined || isUnknown(kernel) ? null : kernel.systemCall
  return sleeps(thread) && call !== null && !isUnknown(call) && BigInt(call.arguments[3] ?? 1) === 0n
}

const MOST_TRIES = 4
const BETWEEN_TRIES_MS = 5

const POLLING = /^(p?poll|p?select6?|epoll_.*)$/

async function polledNow({ pid, runtime }: Process, tid: number): Promise<Polled | undefined> {
  let call = readSystemCall(pid, tid)
  // Its limit may just have passed: then it is about to wait again.
  for (let tries = 1; call === null && tries < MOST_TRIES; tries += 1) {
    await sleep(BETWEEN_TRIES_MS)
    call = readSystemCall(pid, tid)
  }
  if (call === null || isUnknown(call)) return undefined
  const wait = epollWait(call, runtime.arch)
  const node = runtime.name !== 'other'
  if (node && (wait === undefined || isPrivateLoop(pid, wait.fd, runtime.arch) !== false)) return undefined
  const polled = polledBy(pid, call, runtime.arch)
  return polled === undefined || isUnknown(polled) ? undefined : polled
}

/** Whether it may be at something else: a child, work of the thread pool, a timer on which it sleeps. */
function mayGoOn({ process, keptBy }: Attached, thread: Thread, { timed, loop }: Polled): boolean {
  if (worksUnseen(process) !== undefined || childrenOf(process.pid).length > 0) return true
  const names = keptBy?.get(thread.id)
  // What only limits a request does not keep a loop of Node alive; what the program means to do later does.
  if (names !== undefined) return !names.every(name => HAVE_DESCRIPTORS.has(name))
  return loop && timed
}

/** Of `process.getActiveResourcesInfo()`: what is judged here by its descriptor. */
const HAVE_DESCRIPTORS: ReadonlySet<string> = new Set([
  'TCPSocketWrap',
  'TTYWrap',
  'TCPWRAP',
  'TCPConnectWrap',
  'PipeWrap',
  'PIPEWRAP',
  'TLSWRAP',
  'WriteWrap',
])

/** Without those by which its own threads and handlers wake it; undefined where one leads to something else. */
async function outside(pid: number, { fds }: Polled, peers: Peers): Promise<Polled['fds'] | undefined> {
  const found: Polled['fds'][number][] = []
  for (const each of fds) {
    const what = descriptor(pid, each.fd)
    if (isUnknown(what)) return undefined
    if (what.kind === 'eventfd' || (await isOwnPair(pid, what, peers))) continue
    if (what.kind !== 'socket') return undefined
    found.push(each)
  }
  return found
}

/** Both its ends are in this process. */
async function isOwnPair(pid: number, { kind, inode, link, fd }: Descriptor, peers: Peers): Promise<boolean> {
  if (kind === 'socket' && inode !== undefined) return peers.ownPair(pid, inode)
  if (kind !== 'pipe') return false
  return (known(descriptors(pid)) ?? []).some(other => other.link === link && other.fd !== fd)
}
