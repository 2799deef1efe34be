/** What the captured processes wait for of each other: joined when all of them have been looked at. */
import type { Wait } from '../snapshot/model.ts'
import type { Attached } from './attach.ts'
import { added, type Waiting } from './between-facts.ts'
import { blockedCalls } from './blocked-calls.ts'
import { childExit } from './child-exits.ts'
import { type Clock, sleep } from './clock.ts'
import { beginInterval, type Interval } from './cut.ts'
import { loopsOfPeers, withPeersNamed } from './loop-peers.ts'
import { actors, Peers } from './peers.ts'

/** What a thread was found to wait for. */
export interface Found {
  readonly thread: string
  readonly waiting: Waiting
  /** A wait that this one tells more of. */
  readonly instead?: Wait
  /** True for one that is the same wait however often the thread was woken in it. */
  readonly lasts?: boolean
}

/** The processes were looked at one after the other: all that is told here holds for one interval, the same for all. */
const INTERVAL_MS = 30

/** Adds the waits for the ends of processes, of threads that are blocked in a call, and of loops that only these processes wake. */
export async function withWaitsBetween(
  attached: readonly Attached[],
  clock: Clock,
): Promise<readonly Attached[]> {
  const peers = new Peers(attached.map(({ process }) => process))
  const ends = attached.map(({ process }) => {
    const tids = actors(process).flatMap(({ tid }) => (typeof tid === 'number' ? tid : []))
    return beginInterval(process.pid, tids, () => clock.now)
  })
  await sleep(clock.limit(INTERVAL_MS))
  const found: (readonly Found[])[] = []
  const named: Attached[] = []
  for (const one of attached) {
    const exit = childExit(one, peers)
    const calls = await blockedCalls(one, peers)
    const loops = await loopsOfPeers(one, peers)
    found.push([...(exit === undefined ? calls : [exit]), ...loops])
    named.push(await withPeersNamed(one, peers))
  }
  return named.map((one, at) => joined(one, found[at]!, ends[at]!()))
}

function joined(one: Attached, found: readonly Found[], stayed: ReadonlyMap<number, Interval>): Attached {
  let { facts, process } = one
  for (const { thread: id, waiting, instead, lasts } of found) {
    const thread = process.threads.find(other => other.id === id)!
    const interval = typeof thread.tid === 'number' ? stayed.get(thread.tid) : undefined
    if (interval === undefined && lasts !== true) continue
    const before = { ...facts, waits: facts.waits.filter(wait => wait !== instead) }
    facts = added(before, process, thread, waiting)
    if (interval === undefined) continue
    const stays = { ...thread, undisturbed: interval }
    process = { ...process, threads: process.threads.map(other => (other.id === id ? stays : other)) }
  }
  return { ...one, process, facts }
}
