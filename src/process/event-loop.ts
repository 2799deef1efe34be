/**
 * What a thread that idles in its event loop can still be woken by: the descriptors of its epoll instance
 * (`/proc/<pid>/fdinfo/<fd>`, proc_pid_fdinfo(5)), the time-out of its wait, its children.
 */
import { constants } from 'node:os'
import { type EventLoop, isUnknown, type LoopSource, type Unknown } from '../snapshot/model.ts'
import { childrenOf } from './children.ts'
import {
  type Descriptor,
  descriptors,
  type Holders,
  inWords,
  pipePeers,
  processInWords,
} from './descriptors.ts'
import { name } from './network-tables.ts'
import { known, readProc } from './proc.ts'
import { type Connection, tcpSocketsOf, unixSockets } from './sockets.ts'
import { holdsSignal, readStatus } from './status.ts'
import type { EpollWait } from './system-calls.ts'

/** The descriptors that an epoll instance watches: its `tfd:` lines. */
export function parseWatched(text: string): number[] {
  return [...text.matchAll(/^tfd:\s*(\d+)/gm)].map(match => Number(match[1]))
}

/** EPOLLOUT of epoll_ctl(2). */
const WRITABLE = 4

/** The descriptors that an epoll instance watches for room to write: something is waiting to be sent. */
export function parseWatchedForRoom(text: string): number[] {
  return [...text.matchAll(/^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)/gm)].flatMap(([, fd, events]) =>
    (Number.parseInt(events!, 16) & WRITABLE) === 0 ? [] : [Number(fd)],
  )
}

export function watchedForRoom(pid: number, epoll: number): readonly number[] {
  return parseWatchedForRoom(known(readProc(`/proc/${pid}/fdinfo/${epoll}`)) ?? '')
}

export function watchedBy(pid: number, epoll: number): number[] | Unknown {
  const text = readProc(`/proc/${pid}/fdinfo/${epoll}`)
  return isUnknown(text) ? text : parseWatched(text)
}

/**
 * The sources of the loop that thread `tid` waits in. Left out is what every loop has: one eventfd, by which other
 * threads of the process wake it, and on it messages and finished pool work; the pipe for signals; SIGINT and SIGTERM,
 * which Node handles itself whether or not the program listens too.
 */
export function eventLoopOf(pid: number, tid: number, { fd, timeoutMs }: EpollWait): EventLoop | Unknown {
  const watched = watchedBy(pid, fd)
  const all = descriptors(pid)
  if (isUnknown(watched)) return watched
  if (isUnknown(all)) return all
  const ofLoop = all.filter(descriptor => watched.includes(descriptor.fd))
  const others = withoutLoopsOwn(ofLoop, all)
  return {
    sources: [
      ...timer(timeoutMs),
      ...socketSources(pid, others),
      ...pipeSources(pid, others, all),
      ...others.flatMap(plainSource),
      ...childrenOf(pid, tid).map(child => ({
        ...outside('child', `child ${child.pid} (${child.command})`),
        pid: child.pid,
      })),
      ...(tid === pid ? signals(pid) : []),
    ],
    // A descriptor that was closed and yet is watched lives on in another process: it has no entry to read.
    complete: ofLoop.length === new Set(watched).size,
  }
}

/** Milliseconds as they are, as long as a reader can take them in. */
function dueText(timeoutMs: number): string {
  if (timeoutMs < 120_000) return `${timeoutMs} ms`
  const minutes = timeoutMs / 60_000
  return minutes < 120 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`
}

const outside = (kind: string, text: string): LoopSource => ({ kind, text, outside: true })
const inside = (kind: string, text: string): LoopSource => ({ kind, text, outside: false })

function withoutLoopsOwn(watched: readonly Descriptor[], all: readonly Descriptor[]): Descriptor[] {
  const wakeUp = watched.find(({ kind }) => kind === 'eventfd')
  // libuv holds both ends of its pipe for signals.
  const signalPipe = watched.find(
    ({ kind, link }) => kind === 'pipe' && all.filter(other => other.link === link).length > 1,
  )
  return watched.filter(descriptor => descriptor !== wakeUp && descriptor !== signalPipe)
}

/** V8 sets timers in a main loop too: for 8 to 30 seconds after a collection, one for the next. */
function timer(timeoutMs: EpollWait['timeoutMs']): LoopSource[] {
  if (timeoutMs === null) return []
  if (isUnknown(timeoutMs)) return [outside('timer', 'a timer of the program or of V8')]
  return [outside('timer', `a timer of the program or of V8, due ${dueText(timeoutMs)} after the wait began`)]
}

function socketSources(pid: number, watched: readonly Descriptor[]): LoopSource[] {
  const sockets = watched.filter(({ kind }) => kind === 'socket')
  if (sockets.length === 0) return []
  const tcp = known(tcpSocketsOf(pid))
  const unix = unixSockets(pid)
  return sockets.map(({ fd, inode }) => ({ ...socketSource(fd, inode), fd }))

  function socketSource(fd: number, inode: number | undefined): LoopSource {
    const port = tcp?.listening.find(other => other.inode === inode)
    if (port) return outside('server', `listens on ${name(port)}`)
    const connection = tcp?.connections.find(other => other.inode === inode)
    if (connection) return connected(connection)
    const local = unix.get(inode!)
    if (local?.listening) return outside('server', `listens on ${local.path || 'a Unix socket'}`)
    if (local)
      return outside(
        'socket',
        local.path ? `connected through ${local.path}` : `a Unix socket to an unknown peer (fd ${fd})`,
      )
    return outside('socket', `a socket (fd ${fd})`)
  }
}

function connected({ peer, state, toItself }: Connection): LoopSource {
  const text =
    state === 'established' ? `connected to ${name(peer)}` : `connection with ${name(peer)} (${state})`
  return toItself ? inside('socket', `${text}, a socket of this process`) : outside('socket', text)
}

function pipeSources(pid: number, watched: readonly Descriptor[], all: readonly Descriptor[]): LoopSource[] {
  const pipes = watched.filter(({ kind }) => kind === 'pipe')
  const peers: Holders = pipePeers(
    pipes.map(({ link }) => link),
    'write',
  )
  return pipes.map(({ fd, link }) => ({ ...pipeSource(fd, link), fd }))

  function pipeSource(fd: number, link: string): LoopSource {
    const writers = peers.holders
      .filter(holder => holder.link === link && holder.pid !== pid)
      .map(holder => holder.pid)
    if (writers.length > 0) return outside('pipe', `a pipe from ${processInWords(writers[0]!)} (fd ${fd})`)
    const own = all.some(other => other.link === link && other.fd !== fd)
    if (own && peers.complete) return inside('pipe', `a pipe from this process to itself (fd ${fd})`)
    return outside('pipe', `a pipe (fd ${fd})`)
  }
}

const plainKinds: Partial<Record<Descriptor['kind'], string>> = {
  terminal: 'terminal',
  inotify: 'file watcher',
  timerfd: 'timer',
  signalfd: 'signal',
  pidfd: 'child',
}

function plainSource(descriptor: Descriptor): LoopSource[] {
  if (descriptor.kind === 'socket' || descriptor.kind === 'pipe') return []
  return [outside(plainKinds[descriptor.kind] ?? 'unknown', inWords(descriptor))]
}

/** Signals that the program itself handles; not those that Node and libuv always or silently do. */
function signals(pid: number): LoopSource[] {
  const caught = readStatus(pid)?.signals.caught ?? 0n
  return (['SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGALRM', 'SIGCONT', 'SIGTSTP'] as const)
    .filter(signal => signal in constants.signals && holdsSignal(caught, signal))
    .map(signal => outside('signal', `handles ${signal}`))
}
