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
import { unansweredRequest } from './unanswered-requests.ts'

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

/** On a loaded machine a thread may take its time to sleep again after it has been looked at. */
const MOST_ATTEMPTS = 3

/** Adds the waits for the ends of processes, of threads that are blocked in a call, and of loops that only these processes wake. */
export async function withWaitsBetween(
  attached: readonly Attached[],
  clock: Clock,
): Promise<readonly Attached[]> {
  const peers = new Peers(attached.map(({ process }) => process))
  for (let attempt = 1; ; attempt += 1) {
    const { found, stayed } = await observed(attached, peers, clock)
    const all = found.every((each, at) =>
      each.every(({ thread }) => stayed[at]!.has(tidOf(attached[at]!, thread) ?? -1)),
    )
    if (!all && attempt < MOST_ATTEMPTS && !clock.expired) continue
    const told = attached.map((one, at) => joined(one, found[at]!, stayed[at]!))
    return Promise.all(told.map(one => withPeersNamed(one, peers)))
  }
}

/** What is found in one interval, and by process which threads stayed in their waits through it. */
async function observed(attached: readonly Attached[], peers: Peers, clock: Clock) {
  peers.refresh()
  const ends = attached.map(({ process }) => {
    const tids = actors(process).flatMap(({ tid }) => (typeof tid === 'number' ? tid : []))
    return beginInterval(process.pid, tids, () => clock.now)
  })
  await sleep(clock.limit(INTERVAL_MS))
  const found: (readonly Found[])[] = []
  for (const one of attached) {
    const exit = childExit(one, peers)
    const calls = await blockedCalls(one, peers)
    const told = [...(exit === undefined ? calls : [exit]), ...(await loopsOfPeers(one, peers))]
    const more = told.length > 0 ? undefined : await unansweredRequest(one, peers)
    found.push(more === undefined ? told : [more])
  }
  return { found, stayed: ends.map(end => end()) }
}

function tidOf({ process }: Attached, id: string): number | undefined {
  const tid = process.threads.find(thread => thread.id === id)?.tid
  return typeof tid === 'number' ? tid : undefined
}

function joined(one: Attached, found: readonly Found[], stayed: ReadonlyMap<number, Interval>): Attached {
  let { facts, process } = one
  for (const { thread: id, waiting, instead, lasts } of found) {
    const thread = process.threads.find(other => other.id === id)!
    const interval = stayed.get(tidOf(one, id) ?? -1)
    if (interval === undefined && lasts !== true) continue
    const before = { ...facts, waits: facts.waits.filter(wait => wait !== instead) }
    facts = added(before, process, thread, waiting)
    if (interval === undefined) continue
    const stays = { ...thread, undisturbed: interval }
    process = { ...process, threads: process.threads.map(other => (other.id === id ? stays : other)) }
  }
  return { ...one, process, facts }
}
