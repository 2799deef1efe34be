/** The least fixpoint of `live`: who can still go on. */
import type { Pass } from './availability.ts'
import { Demand } from './demand.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

export interface Liveness {
  /** By party number: 1 when it can go on. */
  readonly live: Uint8Array
  /** The leaves of the others that cannot be met, in the order of their parties. */
  readonly unmet: Int32Array
}

/**
 * Reduces the graph with a worklist, in time linear in parties, holds and requests (but for sorting those who ask for
 * different numbers of units). `moves` tells the parties that were seen to make progress: they are live whatever they
 * wait for.
 */
export function reduce(graph: WaitsForGraph, pass: Pass, moves: (party: number) => boolean): Liveness {
  const { conditions, waits, waitsByParty, holds, productions } = graph
  const { feeds, leaves, open } = conditions
  const needed = conditions.needed.slice()
  const live = new Uint8Array(graph.parties.length)
  const goOn: number[] = []
  const enliven = (party: number): void => {
    if (live[party]) return
    live[party] = 1
    goOn.push(party)
  }
  const opened: number[] = []
  // A gate that any one input opens may get more of them: only the step to zero counts.
  const satisfy = (gate: number): void => {
    if (--needed[gate]! === 0) opened.push(gate)
  }

  for (let party = 0; party < live.length; party++) {
    let waiting = false
    let unsure = false
    for (let at = waitsByParty.offsets[party]!; at < waitsByParty.offsets[party + 1]!; at++) {
      waiting = true
      unsure ||= !waits[waitsByParty.items[at]!]!.sure
    }
    if (!waiting || (unsure && pass === 'proof') || moves(party)) enliven(party)
  }
  for (const gate of open) {
    needed[gate] = 0
    opened.push(gate)
  }
  const demand = new Demand(graph, pass, leaf => satisfy(leaves.gate[leaf]!))

  for (;;) {
    const gate = opened.pop()
    if (gate !== undefined) {
      const to = feeds[gate]!
      if (to < 0) enliven(-1 - to)
      else satisfy(to)
      continue
    }
    const party = goOn.pop()
    if (party === undefined) break
    const { byParty } = holds
    for (let at = byParty.offsets[party]!; at < byParty.offsets[party + 1]!; at++)
      demand.giveBack(byParty.items[at]!)
    const brings = productions.byParty
    for (let at = brings.offsets[party]!; at < brings.offsets[party + 1]!; at++)
      demand.bring(productions.resource[brings.items[at]!]!)
  }

  const unmet: number[] = []
  leaves.gate.forEach((gate, leaf) => {
    if (needed[gate]! > 0 && !live[leaves.party[leaf]!]) unmet.push(leaf)
  })
  return { live, unmet: Int32Array.from(unmet) }
}
