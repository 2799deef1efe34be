import type { Thread } from '../../snapshot/model.ts'
import { waitingChain } from '../chain.ts'
import type { Finding, Standstill } from '../diagnosis.ts'
import { doing, duration } from '../doing.ts'
import type { Reduction } from '../reduction.ts'
import { bare, type Roster } from '../roster.ts'
import { waitsOf } from '../waits-for-graph.ts'
import { edgeSentences } from './edge-sentence.ts'

/** A thread that runs in circles until somebody changes a word; behind a deadlocked holder it is a victim instead. */
export function spinWait(
  thread: Thread,
  still: Standstill,
  reduction: Reduction,
  roster: Roster,
): Finding | undefined {
  const waits = waitsOf(reduction.graph, thread.id)
  if (waits.length === 0) return undefined
  const chain = waitingChain(thread.id, reduction)
  const name = roster.name(thread.id)
  const label = chain[0]?.resource.label ?? waits[0]!.call
  const end = chain.at(-1)
  const holder = end && roster.thread(end.to)
  const spent =
    still.cpuMs === undefined ? '' : `, ${duration(still.cpuMs)} of CPU time in ${duration(still.spanMs)}`
  return {
    kind: 'spin-wait',
    status: 'busy',
    title: `${bare(name)} spins, waiting for ${label}`,
    explanation: [
      chain.length > 0 ? edgeSentences(chain, roster) : `It spins in ${waits[0]!.call}${spent}.`,
      ...(holder
        ? [`It spins as long as ${roster.name(holder.id)} ${doing(holder, roster.processOf(holder.id))}.`]
        : []),
    ].join('\n'),
    parties: [thread.id],
    victims: [],
    cycle: [],
    edges: chain,
    waits,
    advice: 'wait with Atomics.wait instead of spinning, and hold the lock for a shorter time',
    doubts: [],
    standstill: still,
  }
}
