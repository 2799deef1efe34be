/** What has to be said about a generated program, worked out from its plan. */
import { isChained, type Lock, liveIn, type Scenario, type ThreadPlan } from './scenario.ts'

/** Threads that wait for each other and for nobody else. */
export interface ClosedSet {
  /** In waiting order where each waits for one other. */
  readonly parties: readonly number[]
  readonly ordered: boolean
  /**
   * Not more than suspected may be said: a counter of units is among what they wait for, which may have more (rule
   * S2), or one of them has its lock in a variable that went hand over hand along a list.
   */
  readonly unprovable: boolean
}

export interface Truth {
  readonly sets: readonly ClosedSet[]
  /** Those that only wait behind them, each with the sets it waits for. */
  readonly victims: ReadonlyMap<number, readonly ClosedSet[]>
}

export function truthOf(scenario: Scenario): Truth {
  const live = liveIn(scenario)
  const stuck = scenario.threads.filter(({ id }) => !live.has(id))
  const holders = new Map(
    stuck.map(({ id, ending }) => [id, ending.kind === 'asks' ? holdersOf(ending.taking.lock, stuck) : []]),
  )
  const reach = new Map(stuck.map(({ id }) => [id, reachable(id, holders)]))
  const sets: ClosedSet[] = []
  for (const { id } of stuck) {
    const all = reach.get(id)!
    // Closed: whoever can be reached from it reaches it again.
    const closed = [...all].every(other => reach.get(other)!.has(id))
    if (!closed || sets.some(set => set.parties.includes(id))) continue
    const ordered = [...all].every(other => holders.get(other)!.length === 1)
    const parties = ordered ? inWaitingOrder(id, holders) : [...all].sort((a, b) => a - b)
    const unprovable = stuck.some(
      thread =>
        all.has(thread.id) &&
        ((thread.ending.kind === 'asks' && thread.ending.taking.lock.discipline === 'semaphore') ||
          isChained(thread)),
    )
    sets.push({ parties, ordered, unprovable })
  }
  const inSets = new Set(sets.flatMap(set => set.parties))
  const victims = new Map(
    stuck
      .filter(({ id }) => !inSets.has(id))
      .map(({ id }) => [id, sets.filter(set => set.parties.some(party => reach.get(id)!.has(party)))]),
  )
  return { sets, victims }
}

function holdersOf(lock: Lock, among: readonly ThreadPlan[]): number[] {
  return among.filter(({ holds }) => holds.some(hold => hold.lock === lock)).map(({ id }) => id)
}

function reachable(from: number, holders: ReadonlyMap<number, readonly number[]>): Set<number> {
  const seen = new Set<number>()
  const next = [...holders.get(from)!]
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    next.push(...(holders.get(id) ?? []))
  }
  return seen
}

function inWaitingOrder(first: number, holders: ReadonlyMap<number, readonly number[]>): number[] {
  const order = [first]
  for (let id = holders.get(first)![0]!; id !== first; id = holders.get(id)![0]!) order.push(id)
  return order
}
