/**
 * A process that is blocked until a child ends, which asks this very process for something: the child, with those between
 * them, is what explains it. It is looked at too, from outside, though only its parent was named.
 */
import { ImpasseError } from '../errors.ts'
import { descendantsOf } from '../process/children.ts'
import { known } from '../process/proc.ts'
import { socketsOf, tcpSocketsOf } from '../process/sockets.ts'
import { readStat } from '../process/stat.ts'
import { isUnknown } from '../snapshot/model.ts'
import { type Attached, identifyNode } from './attach.ts'
import { childWaitedFor } from './child-exits.ts'
import type { Clock } from './clock.ts'
import type { CaptureOptions } from './options.ts'

/** The process alone where it waits for no child, or for one that has no connection to it. */
export async function withChildrenThatAsk(
  one: Attached,
  options: CaptureOptions,
  clock: Clock,
): Promise<readonly Attached[]> {
  const { pid, threads } = one.process
  const main = threads.find(({ tid }) => tid === pid)
  const waited = main && childWaitedFor(pid, main)
  if (waited === undefined || clock.expired) return [one]
  const sockets = known(socketsOf(pid)) ?? new Map<number, number>()
  const below = [waited.pid, ...descendantsOf(waited.pid).map(child => child.pid)]
  const asking = below.slice(0, MOST_SEARCHED).filter(child => isConnectedTo(sockets, child))
  const between = new Set(asking.slice(0, MOST_SHOWN).flatMap(child => lineTo(pid, child)))
  // Parents before their children.
  const pids = below.filter(child => between.has(child))
  const looks = await Promise.allSettled(pids.map(child => lookFromOutside(child, pid, options, clock)))
  const failures = looks.flatMap(look => (look.status === 'rejected' ? [look.reason as unknown] : []))
  for (const failure of failures) if (!isAboutIt(failure)) throw failure
  return [one, ...looks.flatMap(look => (look.status === 'fulfilled' ? [look.value] : []))]
}

const MOST_SEARCHED = 100
const MOST_SHOWN = 3

/** Whether a process has a TCP connection to one of these sockets, accepted or not. */
function isConnectedTo(sockets: ReadonlyMap<number, number>, pid: number): boolean {
  const tcp = tcpSocketsOf(pid)
  if (isUnknown(tcp)) return false
  return tcp.connections.some(({ peerInode, queuedAt }) => sockets.has(peerInode ?? queuedAt ?? -1))
}

/** A process and those that it comes from, up to one of them. */
function lineTo(ancestor: number, pid: number): readonly number[] {
  const line: number[] = []
  for (let at = pid; at > 1 && at !== ancestor; at = readStat(at)?.parent ?? 0) line.push(at)
  return line
}

/** Nobody has named it: it is not asked, and its memory is searched for nothing. */
async function lookFromOutside(
  pid: number,
  parent: number,
  options: CaptureOptions,
  clock: Clock,
): Promise<Attached> {
  const quiet = { ...options, others: true, together: true, inspector: false, heap: false, allowStop: false }
  const target = identifyNode(pid, quiet)
  if (target === undefined) return (await import('./other-program.ts')).lookAtOther(pid, quiet, clock)
  const { lookOutside } = await import('./look-outside.ts')
  return lookOutside(target, quiet, clock, {
    reason: `Only process ${parent} was named; this one, for which that waits, was looked at from outside.`,
    remedy: `impasse ${parent} --tree`,
  })
}

/** That it has ended meanwhile, or may not be looked at, makes no difference to its parent. */
function isAboutIt(failure: unknown): boolean {
  return failure instanceof ImpasseError && failure.code !== 'IMPASSE_INTERRUPTED'
}
