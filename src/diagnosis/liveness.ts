/** The least fixpoint of `live`: who can still go on. */
import type { Pass } from './availability.ts'
import type { Leaf } from './conditions.ts'
import { Demand } from './demand.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

export interface Liveness {
  /** By party number: 1 when it can go on. */
  readonly live: Uint8Array
  /** What the others ask for and cannot get. */
  readonly unmet: readonly Leaf[]
}

/**
 * Reduces the graph with a worklist, in time linear in parties, holds and requests (but for sorting those who ask for
 * different numbers of units). `moves` tells the parties that were seen to make progress: they are live whatever they
 * wait for.
 */
export function reduce(graph: WaitsForGraph, pass: Pass, moves: (party: number) => boolean): Liveness {
  const { feeds, leaves, open } = graph.conditions
  const needed = Int32Array.from(graph.conditions.needed)
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

  for (const [party, waits] of graph.waits.entries()) {
    const unsure = pass === 'proof' && waits.some(wait => !wait.sure)
    if (waits.length === 0 || unsure || moves(party)) enliven(party)
  }
  for (const gate of open) {
    needed[gate] = 0
    opened.push(gate)
  }
  const demand = new Demand(graph, pass, leaf => satisfy(leaves[leaf]!.gate))

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
    for (const tie of graph.holdsOf[party]!) demand.giveBack(tie)
    for (const { resource } of graph.productionsOf[party]!) demand.bring(resource)
  }
  return { live, unmet: leaves.filter(leaf => needed[leaf.gate]! > 0 && !live[leaf.party]) }
}
