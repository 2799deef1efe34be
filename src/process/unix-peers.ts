/**
 * Which Unix sockets are joined. `/proc/net/unix` does not tell it; the kernel's sock_diag does (sock_diag(7)), which only
 * a netlink socket can ask, and so `ss` of iproute2 where that is installed.
 */
import { execFile } from 'node:child_process'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { readLink } from './proc.ts'

const LIMIT_MS = 1000

/** A line of `ss --unix --numeric --no-header`: the two inodes, of which that of a peer nobody accepted is 0. */
export function parseUnixPeers(text: string): ReadonlyMap<number, number> {
  const peers = new Map<number, number>()
  for (const line of text.split('\n')) {
    const found = /^u_\w+\s+ESTAB\s+\d+\s+\d+\s+.*\s(\d+)\s+\S+\s+(\d+)\s*$/.exec(line)
    if (found && found[2] !== '0') peers.set(Number(found[1]), Number(found[2]))
  }
  return peers
}

/** By inode that of the other end, in the network namespace that we share with `pid`. */
export async function unixPeers(pid: number): Promise<ReadonlyMap<number, number> | Unknown> {
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
