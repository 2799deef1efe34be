/** Who is at the other end: which threads of the captured processes can bring something through a descriptor. */
import { statSync } from 'node:fs'
import {
  accessOf,
  type Descriptor,
  descriptor,
  type Holder,
  type Holders,
  inWords,
  processInWords,
  withAccess,
} from '../process/descriptors.ts'
import { watchedBy } from '../process/event-loop.ts'
import { isAncestor, isKin } from '../process/kin.ts'
import { name as addressOf } from '../process/network-tables.ts'
import { openFiles } from '../process/open-files.ts'
import { socketsOf, tcpSocketsOf, unixListenerWithQueue, unixSockets } from '../process/sockets.ts'
import { type UnixPeers, unixPeers } from '../process/unix-peers.ts'
import { isUnknown, type Process, type Resource, type Thread, type Unknown } from '../snapshot/model.ts'

/** Those that can bring something into being, and whether they are all. */
export interface Givers {
  readonly parties: readonly string[]
  readonly complete: Resource['complete']
  /** What is waited for: `data on a pipe (fd 0)`. */
  readonly label: string
  readonly evidence: string
  /** Why it is not sure that these are all. */
  readonly doubt?: string
  /** What was sent to them lies there: not read, or on a connection that was not accepted; in words. */
  readonly unread?: string
}

export class Peers {
  readonly processes: ReadonlyMap<number, Process>
  #unix: Promise<UnixPeers | Unknown> | undefined
  #open: ReturnType<typeof openFiles> | undefined
  readonly #tcp = new Map<number, ReturnType<typeof tcpSocketsOf>>()

  constructor(processes: readonly Process[]) {
    this.processes = new Map(processes.map(process => [process.pid, process]))
  }

  /** What was read of the machine is read anew. */
  refresh(): void {
    this.#open = undefined
    this.#tcp.clear()
    this.#unix = undefined
  }

  /** Who has a file, pipe or socket open, of all processes of the machine. */
  holders(link: string): Holders {
    this.#open ??= openFiles()
    return this.#open(link)
  }

  #tcpOf(pid: number): ReturnType<typeof tcpSocketsOf> {
    const known = this.#tcp.get(pid) ?? tcpSocketsOf(pid)
    this.#tcp.set(pid, known)
    return known
  }

  /** The end of a process: of Node the main thread brings it; of another program any thread may. */
  endOf(pid: number): Givers {
    const child = this.processes.get(pid)
    const enders =
      child?.threads.filter(({ role }) => child.runtime.name === 'other' || role === 'main') ?? []
    return {
      parties: enders.map(({ id }) => id),
      complete: enders.length > 0 ? true : { unknown: 'no thread of it was seen' },
      label: `the end of process ${pid}`,
      evidence: `process ${pid} is its child`,
    }
  }

  /** Who can write what a process reads from a descriptor, or read what it writes to it. */
  async through(pid: number, fd: number, does: 'read' | 'write'): Promise<Givers | Unknown> {
    const own = descriptor(pid, fd)
    if (isUnknown(own)) return own
    const found = await this.#otherEnd(pid, own, does)
    if (isUnknown(found)) return found
    const what = found.name ?? inWords(own).replace(/ \(fd \d+\)$/, '')
    const label = `${does === 'read' ? 'data from' : 'room in'} ${what} (fd ${fd}${found.note ?? ''})`
    const evidence = `it has the other end of ${what} open`
    const { parties, complete, doubt } = this.having(found.ends, pid)
    const doubts = found.doubt ?? doubt
    return {
      label,
      evidence,
      parties,
      complete,
      ...(doubts !== undefined && { doubt: doubts }),
      ...(found.unread !== undefined && { unread: found.unread }),
    }
  }

  /**
   * Whether a Unix socket of a process is joined to another one of the same process. Where the kernel cannot be asked, one
   * without a name whose number neighbours that of another such: a pair is made at once.
   */
  async ownPair(pid: number, inode: number): Promise<boolean> {
    const own = socketsOf(pid)
    if (isUnknown(own)) return false
    this.#unix ??= unixPeers(pid)
    const unix = await this.#unix
    if (!isUnknown(unix)) return own.has(unix.peers.get(inode) ?? -1)
    const table = unixSockets(pid)
    const unnamed = (number: number) => own.has(number) && table.get(number)?.path === ''
    return unnamed(inode) && (unnamed(inode - 1) || unnamed(inode + 1))
  }

  /** Those of some parties that idle in their event loops. */
  idle(parties: readonly string[]): readonly string[] {
    return parties.filter(party => {
      const process = this.processes.get(Number(/^p(\d+)/.exec(party)?.[1]))
      const thread = process?.threads.find(({ id }) => id === party)
      return thread?.looks.at(-1)?.activity.kind === 'event-loop'
    })
  }

  /** The threads of those that have something open. `asker`: who waits. */
  having(ends: Holders, asker: number): Pick<Givers, 'parties' | 'complete' | 'doubt'> {
    const parties: string[] = []
    let complete: Resource['complete'] = true
    for (const [pid, fds] of byProcess(ends.holders)) {
      const process = this.processes.get(pid)
      const hidden = process === undefined ? 'was not looked at' : serves(process, fds)
      if (hidden !== undefined) complete = { unknown: `${processInWords(pid)} ${hidden}` }
      if (process !== undefined) parties.push(...actors(process).map(({ id }) => id))
    }
    if (parties.length === 0) complete = { unknown: 'no process that was looked at has it' }
    if (ends.late) complete = { unknown: 'the search took too long' }
    const holders = [asker, ...ends.holders.map(holder => holder.pid)]
    const kin = ends.refused.find(pid => isKin(pid, holders))
    if (kin !== undefined) complete = { unknown: `process ${kin} may not be looked into` }
    // What a process gets of one that it comes from, and that one may keep, is its standard input and output.
    const inherited = ends.holders.some(({ fd }) => fd <= 2)
    const above = inherited ? ends.refused.find(pid => isAncestor(pid, holders)) : undefined
    return {
      parties,
      complete,
      ...(above !== undefined && {
        doubt: `process ${above}, which they come from, may not be looked into, and may have it open too`,
      }),
    }
  }

  async #otherEnd(
    pid: number,
    own: Descriptor,
    does: 'read' | 'write',
  ): Promise<
    | (Pick<Givers, 'doubt' | 'unread'> & {
        readonly ends: Holders
        readonly name?: string
        readonly note?: string
      })
    | Unknown
  > {
    const opposite = does === 'read' ? 'write' : 'read'
    if (own.kind === 'pipe') return { ends: withAccess(this.holders(own.link), opposite) }
    if (own.kind === 'socket') return this.#otherSocket(pid, own, does)
    if (!isFifo(pid, own.fd)) return { unknown: 'it is no pipe and no socket' }
    const ends = withAccess(this.holders(own.link), opposite)
    // A server keeps the other end of its own FIFO open, and waits for clients that open it by its name.
    if (ends.holders.some(holder => holder.pid === pid || accessOf(holder.pid, holder.fd) === 'both'))
      return { unknown: 'anybody may open it' }
    if (own.kind === 'deleted file') return { ends }
    return { ends, doubt: `any process may still open ${own.link} by its name` }
  }

  async #otherSocket(pid: number, { inode }: Descriptor, does: 'read' | 'write') {
    const tcp = this.#tcpOf(pid)
    if (isUnknown(tcp)) return tcp
    const own = tcp.connections.find(connection => connection.inode === inode)
    if (own !== undefined) {
      const peer = own.peerInode ?? own.queuedAt
      if (peer === undefined || own.state !== 'established')
        return { unknown: 'its other end is on no process of this machine' }
      const address = addressOf(own.peer)
      const name = does === 'read' ? address : `the connection to ${address}`
      const note = own.queuedAt === undefined ? {} : { note: ', not accepted yet' }
      const unread = unreadInWords(own.unread ?? 0, own.queuedAt !== undefined)
      return { ends: this.holders(`socket:[${peer}]`), name, ...note, ...unread }
    }
    this.#unix ??= unixPeers(pid)
    const unix = await this.#unix
    if (isUnknown(unix)) return unix
    const peer = inode === undefined ? undefined : unix.peers.get(inode)
    if (peer === undefined) return this.#unixListener(pid, inode, unix)
    const unread = unreadInWords(unix.unread.get(peer) ?? 0, false)
    return { ends: this.holders(`socket:[${peer}]`), name: 'a Unix socket', ...unread }
  }

  #unixListener(pid: number, inode: number | undefined, { queued }: UnixPeers) {
    const listener = queued.has(inode ?? -1) ? unixListenerWithQueue(pid) : undefined
    if (listener === undefined) return { unknown: 'its other end is not known' }
    const ends = this.holders(`socket:[${listener.inode}]`)
    return { ends, name: listener.path, note: ', not accepted yet', ...unreadInWords(0, true) }
  }
}

function unreadInWords(bytes: number, queued: boolean): Pick<Givers, 'unread'> {
  const what = bytes === 0 ? undefined : `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
  if (queued)
    return {
      unread: `it has not accepted the connection${what === undefined ? '' : `, on which ${what} came`}`,
    }
  return what === undefined ? {} : { unread: `it has not read the ${what} that came` }
}

function byProcess(holders: readonly Holder[]): ReadonlyMap<number, readonly number[]> {
  const fds = new Map<number, number[]>()
  for (const { pid, fd } of holders) fds.set(pid, [...(fds.get(pid) ?? []), fd])
  return fds
}

/** The threads that may run code of the program. */
export function actors({ threads, runtime }: Process): readonly Thread[] {
  return runtime.name === 'other'
    ? threads
    : threads.filter(({ role }) => role === 'main' || role === 'worker')
}

/** What besides these threads may use a descriptor of a process: work in progress, or the loop of `spawnSync`. */
function serves(process: Process, fds: readonly number[]): string | undefined {
  const { pid } = process
  for (const { looks } of actors(process)) {
    const activity = looks.at(-1)?.activity
    if (activity?.kind !== 'system-call' || !activity.call.name.startsWith('epoll_')) continue
    const watched = watchedBy(pid, Number(activity.call.arguments[0]))
    if (isUnknown(watched) || fds.some(fd => watched.includes(fd))) return 'serves it while it waits'
  }
  return worksUnseen(process)
}

/** Whether a thread that runs none of the program's JavaScript may be at work for it. */
export function worksUnseen({ threads, runtime }: Process): string | undefined {
  if (runtime.name === 'other') return undefined
  const stranger = threads.find(({ role, name }) => role === 'other' && !name.startsWith('iou-'))
  if (stranger !== undefined) return `has a thread "${stranger.name}", of which nothing is known`
  const busy = threads.some(thread => thread.role === 'libuv-pool' && !sleeps(thread))
  return busy ? 'has a thread of the pool at work' : undefined
}

/** In its last look it was in a futex. */
export function sleeps({ looks }: Thread): boolean {
  const kernel = looks.at(-1)?.kernel
  if (kernel === undefined || isUnknown(kernel)) return false
  const { systemCall } = kernel
  return systemCall !== null && !isUnknown(systemCall) && systemCall.name === 'futex'
}

function isFifo(pid: number, fd: number): boolean {
  try {
    return statSync(`/proc/${pid}/fd/${fd}`).isFIFO()
  } catch {
    return false
  }
}
