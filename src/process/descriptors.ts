/** What the file descriptors of a process are: `/proc/<pid>/fd` and `/proc/<pid>/fdinfo` (proc_pid_fd(5), proc_pid_fdinfo(5)). */
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { commandOf } from './command-line.ts'
import { known, numbersIn, readLink, textOf } from './proc.ts'

export type DescriptorKind =
  | 'pipe'
  | 'socket'
  | 'eventpoll'
  | 'eventfd'
  | 'io_uring'
  | 'inotify'
  | 'signalfd'
  | 'timerfd'
  | 'pidfd'
  | 'terminal'
  | 'file'
  | 'deleted file'
  | 'other'

export interface Descriptor {
  readonly fd: number
  readonly kind: DescriptorKind
  /** The link's text: `pipe:[4711]`, `/var/log/app.log`. */
  readonly link: string
  /** Of pipes and sockets: what names them across processes. */
  readonly inode?: number
}

const anonymous: Record<string, DescriptorKind> = {
  '[eventpoll]': 'eventpoll',
  '[eventfd]': 'eventfd',
  '[io_uring]': 'io_uring',
  inotify: 'inotify',
  '[signalfd]': 'signalfd',
  '[timerfd]': 'timerfd',
  '[pidfd]': 'pidfd',
}

/** What a link of `/proc/<pid>/fd` says. */
export function parseDescriptor(fd: number, link: string): Descriptor {
  const inode = /^(pipe|socket):\[(\d+)\]$/.exec(link)
  if (inode) return { fd, link, kind: inode[1] as 'pipe' | 'socket', inode: Number(inode[2]) }
  if (link.startsWith('anon_inode:')) {
    return { fd, link, kind: anonymous[link.slice('anon_inode:'.length)] ?? 'other' }
  }
  if (/^\/dev\/(pts\/\d+|tty|console)/.test(link)) return { fd, link, kind: 'terminal' }
  if (link.endsWith(' (deleted)')) return { fd, link, kind: 'deleted file' }
  return { fd, link, kind: link.startsWith('/') ? 'file' : 'other' }
}

/** One descriptor; unknown when it is closed or may not be looked at. */
export function descriptor(pid: number, fd: number): Descriptor | Unknown {
  const link = readLink(`/proc/${pid}/fd/${fd}`)
  return isUnknown(link) ? link : parseDescriptor(fd, link)
}

/** All descriptors of a process. */
export function descriptors(pid: number): readonly Descriptor[] | Unknown {
  const fds = numbersIn(`/proc/${pid}/fd`)
  if (isUnknown(fds)) return fds
  return fds.flatMap(fd => known(descriptor(pid, fd)) ?? [])
}

/** The flags of open(2): `flags` of `/proc/<pid>/fdinfo/<fd>`, in octal there. */
export function openFlags(pid: number, fd: number): number | undefined {
  const flags = /^flags:\s*([0-7]+)/m.exec(textOf(`/proc/${pid}/fdinfo/${fd}`) ?? '')?.[1]
  return flags === undefined ? undefined : Number.parseInt(flags, 8)
}

/** How a descriptor was opened. */
export function accessOf(pid: number, fd: number): 'read' | 'write' | 'both' | undefined {
  const flags = openFlags(pid, fd)
  return flags === undefined ? undefined : (['read', 'write', 'both'] as const)[flags & 3]
}

/** A process that holds a pipe or a socket. */
export interface Holder {
  readonly pid: number
  readonly fd: number
  readonly link: string
}

export interface Holders {
  readonly holders: readonly Holder[]
  /** False when some processes could not be looked into, or time ran out. */
  readonly complete: boolean
  /** True when time ran out. */
  readonly late: boolean
  /** Those that could not be looked into. */
  readonly refused: readonly number[]
}

/** Who holds `pipe:[…]` or `socket:[…]`, among all processes that we may look into, for at most `budgetMs`. */
export function holdersOf(links: readonly string[], budgetMs = 50): Holders {
  const wanted = new Set(links)
  return wanted.size === 0
    ? { holders: [], complete: true, late: false, refused: [] }
    : holdersWhere(link => wanted.has(link), budgetMs)
}

/** The same of all that `wanted` lets through, in one search. */
export function holdersWhere(wanted: (link: string) => boolean, budgetMs: number): Holders {
  const deadline = performance.now() + budgetMs
  const holders: Holder[] = []
  const refused: number[] = []
  for (const pid of known(numbersIn('/proc')) ?? []) {
    if (performance.now() > deadline) return { holders, complete: false, late: true, refused }
    const fds = numbersIn(`/proc/${pid}/fd`)
    if (isUnknown(fds)) {
      if (fds.unknown.startsWith('no permission')) refused.push(pid)
      continue
    }
    for (const fd of fds) {
      const link = readLink(`/proc/${pid}/fd/${fd}`)
      if (!isUnknown(link) && wanted(link)) holders.push({ pid, fd, link })
    }
  }
  return { holders, complete: refused.length === 0, late: false, refused }
}

/** The processes at the other end of pipes: those that read them, or those that write to them. */
export function pipePeers(links: readonly string[], end: 'read' | 'write', budgetMs?: number): Holders {
  return withAccess(holdersOf(links, budgetMs), end)
}

/** Those that have it open for that. */
export function withAccess(all: Holders, end: 'read' | 'write'): Holders {
  const holders = all.holders.filter(({ pid, fd }) => [end, 'both'].includes(accessOf(pid, fd) ?? ''))
  return { ...all, holders }
}

const words: Partial<Record<DescriptorKind, string>> = {
  pipe: 'a pipe',
  socket: 'a socket',
  eventpoll: 'an epoll instance',
  eventfd: 'an eventfd',
  io_uring: 'an io_uring',
  inotify: 'a file watcher (inotify)',
}

/** A descriptor in words: `a pipe (fd 0)`, `/tmp/fifo (fd 21)`. */
export function inWords({ fd, kind, link }: Descriptor): string {
  if (kind === 'terminal') return `the terminal ${link} (fd ${fd})`
  return `${words[kind] ?? link} (fd ${fd})`
}

/** A process with its command, for messages: `process 4711 (sleep 60)`. */
export function processInWords(pid: number): string {
  return `process ${pid} (${commandOf(pid, 80)})`
}
