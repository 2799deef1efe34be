/**
 * A process that is blocked until a child ends, which asks this very process for something: the child, with those between
 * them, is what explains it. It is looked at too, from outside, though only its parent was named.
 */
import { ImpasseError } from '../errors.ts'
import { descendantsOf } from '../process/children.ts'
import { ancestorsOf } from '../process/kin.ts'
import { known } from '../process/proc.ts'
import { socketsOf } from '../process/sockets.ts'
import { isUnknown } from '../snapshot/model.ts'
import { type Attached, identifyNode } from './attach.ts'
import { childWaitedFor } from './child-exits.ts'
import type { Clock } from './clock.ts'
import type { CaptureOptions } from './options.ts'
import { Peers } from './peers.ts'

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
  const peers = new Peers([one.process])
  const below = waited.pids.flatMap(child => [child, ...descendantsOf(child).map(each => each.pid)])
  const asking: number[] = []
  for (const child of below.slice(0, MOST_SEARCHED)) {
    if (asking.length === MOST_SHOWN || clock.expired) break
    if (await isConnectedTo(pid, child, peers)) asking.push(child)
  }
  const between = new Set(asking.flatMap(child => lineTo(pid, child)))
  // Parents before their children. Of a pipeline the others wait for the one that asks.
  const all = asking.length > 0 && below.length <= MOST_TOGETHER
  const pids = below.filter(child => all || between.has(child))
  const looks = await Promise.allSettled(pids.map(child => lookFromOutside(child, pid, options, clock)))
  const failures = looks.flatMap(look => (look.status === 'rejected' ? [look.reason as unknown] : []))
  for (const failure of failures) if (!isAboutIt(failure)) throw failure
  return [one, ...looks.flatMap(look => (look.status === 'fulfilled' ? [look.value] : []))]
}

const MOST_SEARCHED = 100
const MOST_SHOWN = 3
/** More are only looked at where they lead to one that asks. */
const MOST_TOGETHER = 8

/** Whether a process has a connection to another, accepted or not, beside its standard input and output. */
async function isConnectedTo(pid: number, child: number, peers: Peers): Promise<boolean> {
  const fds = [...(known(socketsOf(child))?.values() ?? [])].filter(fd => fd > 2)
  for (const fd of fds.slice(0, MOST_CONNECTIONS)) {
    const givers = await peers.through(child, fd, 'read')
    if (!isUnknown(givers) && givers.parties.some(party => party.startsWith(`p${pid}/`))) return true
  }
  return false
}

const MOST_CONNECTIONS = 20

/** A process and those that it comes from, up to one of them. */
function lineTo(ancestor: number, pid: number): readonly number[] {
  const line = [pid]
  for (const at of ancestorsOf(pid)) {
    if (at === ancestor || at === 1) break
    line.push(at)
  }
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
