/**
 * Which Unix sockets are joined. `/proc/net/unix` does not tell it; the kernel's sock_diag does (sock_diag(7)), which only
 * a netlink socket can ask, and so `ss` of iproute2 where that is installed.
 */
import { execFile } from 'node:child_process'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { readLink } from './proc.ts'

const LIMIT_MS = 1000

export interface UnixPeers {
  /** By inode that of the other end. */
  readonly peers: ReadonlyMap<number, number>
  /** By inode what has come to it and was not read yet, bytes; only where there is any. */
  readonly unread: ReadonlyMap<number, number>
  /** Those that have sent something to an end which no process has yet: nobody has accepted them. */
  readonly queued: ReadonlySet<number>
}

/** Lines of `ss --unix --numeric --no-header`: the two inodes, of which that of a peer nobody accepted is 0. */
export function parseUnixPeers(text: string): UnixPeers {
  const peers = new Map<number, number>()
  const unread = new Map<number, number>()
  const waiting = new Set<number>()
  for (const line of text.split('\n')) {
    const found = /^u_\w+\s+ESTAB\s+(\d+)\s+(\d+)\s+.*\s(\d+)\s+\S+\s+(\d+)\s*$/.exec(line)
    if (!found) continue
    const [received, sent, own, peer] = found.slice(1).map(Number) as [number, number, number, number]
    if (peer !== 0) peers.set(own, peer)
    // What was sent to an end that was closed is gone with it.
    else if (sent > 0) waiting.add(own)
    if (received > 0) unread.set(own, received)
  }
  return { peers, unread, queued: waiting }
}

/** The Unix sockets that are joined, in the network namespace that we share with `pid`. */
export async function unixPeers(pid: number): Promise<UnixPeers | Unknown> {
  const [own, theirs] = ['self', pid].map(id => readLink(`/proc/${id}/ns/net`))
  if (isUnknown(theirs!) || own !== theirs) return { unknown: 'it is in another network namespace' }
  return new Promise(resolve =>
    execFile(
      'ss',
      ['--unix', '--numeric', '--no-header'],
      {
        timeout: LIMIT_MS,
        maxBuffer: 32 * 2 ** 20,
        env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
      },
      (error, stdout) =>
        resolve(error ? { unknown: 'ss (iproute2) is not there, or failed' } : parseUnixPeers(stdout)),
    ),
  )
}
