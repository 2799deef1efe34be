/** The sockets of a process: its descriptors joined by inode with `/proc/<pid>/net/*` (proc_pid_net(5)). */
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { commandOf } from './command-line.ts'
import { descriptors, holdersOf } from './descriptors.ts'
import {
  type Endpoint,
  name,
  parseTcp,
  parseUnix,
  type TcpSocket,
  type UnixSocket,
} from './network-tables.ts'
import { textOf } from './proc.ts'

export interface ListeningPort extends Endpoint {
  readonly inode: number
  readonly fd: number
}

export interface Connection {
  readonly fd: number
  readonly inode: number
  readonly local: Endpoint
  readonly peer: Endpoint
  readonly state: string
  /** The socket at the other end, when that is on this machine. */
  readonly peerInode?: number
  /** The other end is on this machine, and the process that listens there has not accepted it yet: the listener's inode. */
  readonly queuedAt?: number
  /** What the other end, when that is on this machine, has not read yet, bytes. */
  readonly unread?: number
  /** Whether this very process holds the other end too. */
  readonly toItself: boolean
}

/**
 * The TCP ports that a process itself listens on, lowest descriptor first: never those of a neighbour. Each of the two
 * tables takes the kernel 2 ms on a machine of 32 GB, however few sockets there are: to wait for a port, watch
 * `socketsOf` instead and ask here when it has changed.
 */
export function listeningPorts(pid: number): readonly ListeningPort[] | Unknown {
  const own = otherThanUnix(pid, socketsOf(pid))
  if (isUnknown(own)) return own
  return own.size === 0 ? [] : ownListeners(own, listeners(pid))
}

/** Without those of the table of Unix sockets, which the kernel gives at once: most processes have no others. */
function otherThanUnix(
  pid: number,
  own: ReadonlyMap<number, number> | Unknown,
): ReadonlyMap<number, number> | Unknown {
  if (isUnknown(own) || own.size === 0) return own
  const unix = unixSockets(pid)
  return new Map([...own].filter(([inode]) => !unix.has(inode)))
}

/** Those of `tables` that belong to one process. */
export function ownListeners(
  own: ReadonlyMap<number, number>,
  tables: readonly TcpSocket[],
): readonly ListeningPort[] {
  return tables
    .flatMap(({ local, inode }) => {
      const fd = own.get(inode)
      return fd === undefined ? [] : { ...local, inode, fd }
    })
    .sort((a, b) => a.fd - b.fd)
}

/** The TCP connections of a process. */
export function connections(pid: number): readonly Connection[] | Unknown {
  const tcp = tcpSocketsOf(pid)
  return isUnknown(tcp) ? tcp : tcp.connections
}

/** Ports and connections of a process in one reading. */
export function tcpSocketsOf(
  pid: number,
): { listening: readonly ListeningPort[]; connections: readonly Connection[] } | Unknown {
  const own = otherThanUnix(pid, socketsOf(pid))
  if (isUnknown(own)) return own
  const all = own.size === 0 ? [] : tcpTables(pid)
  const byEnds = new Map(all.map(socket => [`${name(socket.local)} ${name(socket.peer)}`, socket]))
  const connections = all.flatMap(({ local, peer, state, inode }) => {
    const fd = own.get(inode)
    if (fd === undefined || state === 'listening') return []
    const otherEnd = byEnds.get(`${name(peer)} ${name(local)}`)
    const peerInode = otherEnd?.inode
    // A socket that was accepted by nobody yet, or is closed already, has the inode 0.
    const listener = peerInode === 0 && state === 'established' ? listenerFor(peer, all)?.inode : undefined
    const other = {
      ...(peerInode === undefined || peerInode === 0 ? {} : { peerInode }),
      ...(listener === undefined ? {} : { queuedAt: listener }),
      ...(otherEnd === undefined ? {} : { unread: otherEnd.unread }),
    }
    return {
      fd,
      inode,
      local,
      peer,
      state,
      ...other,
      toItself: peerInode !== undefined && own.has(peerInode),
    }
  })
  return {
    listening: ownListeners(
      own,
      all.filter(({ state }) => state === 'listening'),
    ),
    connections,
  }
}

/** The only socket that listens there: several share their connections in a way that does not show. */
function listenerFor({ address, port }: Endpoint, all: readonly TcpSocket[]): TcpSocket | undefined {
  const found = all.filter(
    ({ state, local }) =>
      state === 'listening' && local.port === port && [address, '0.0.0.0', '::'].includes(local.address),
  )
  return found.length === 1 ? found[0] : undefined
}

/** The named or listening Unix sockets of a process, by inode. */
export function unixSockets(pid: number): ReadonlyMap<number, UnixSocket> {
  return new Map(parseUnix(textOf(`/proc/${pid}/net/unix`) ?? '').map(socket => [socket.inode, socket]))
}

/**
 * The listening Unix socket on which connections wait to be accepted, where there is one alone: their other ends are in
 * the table, with its name, and have no inode.
 */
export function unixListenerWithQueue(pid: number): UnixSocket | undefined {
  const all = parseUnix(textOf(`/proc/${pid}/net/unix`) ?? '')
  const paths = new Set(all.flatMap(({ inode, path }) => (inode === 0 ? path : [])))
  const found = all.filter(({ listening, path }) => listening && paths.has(path))
  return paths.size === 1 && found.length === 1 ? found[0] : undefined
}

/** Who listens on a port in the network namespace of `pid`: for the message that somebody else has it. */
export function holderOfPort(
  port: number,
  pid: number | 'self' = 'self',
): { pid: number; command: string } | undefined {
  const inodes = listeners(pid)
    .filter(({ local }) => local.port === port)
    .map(({ inode }) => inode)
  for (const inode of inodes) {
    const holder = holdersOf([`socket:[${inode}]`]).holders[0]?.pid
    if (holder !== undefined) return { pid: holder, command: commandOf(holder) }
  }
  return undefined
}

/** The sockets of a process by inode, with their descriptors. */
export function socketsOf(pid: number): ReadonlyMap<number, number> | Unknown {
  const all = descriptors(pid)
  if (isUnknown(all)) return all
  return new Map(
    all.flatMap(({ kind, inode, fd }) =>
      kind === 'socket' && inode !== undefined ? [[inode, fd] as const] : [],
    ),
  )
}

function tcpTables(pid: number | 'self', wanted?: (line: string) => boolean): TcpSocket[] {
  return ['tcp', 'tcp6'].flatMap(table => parseTcp(textOf(`/proc/${pid}/net/${table}`) ?? '', wanted))
}

/** All listening sockets of a network namespace. Such a socket has no peer: its line says `00…:0000 0A`. */
export function listeners(pid: number | 'self'): TcpSocket[] {
  return tcpTables(pid, line => line.includes(':0000 0A '))
}
