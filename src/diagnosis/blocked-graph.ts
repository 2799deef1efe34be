/**
 * What remains when all that can go on has gone: who waits for which resource, and who holds it. Parties and resources
 * are both nodes, so that a thousand waiters behind a thousand holders are two thousand edges, not a million.
 */
import { isExclusive } from './availability.ts'
import { type Adjacency, adjacency, findComponents } from './components.ts'
import type { Leaf } from './conditions.ts'
import type { Liveness } from './liveness.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

export interface BlockedGraph {
  readonly adjacency: Adjacency
  /** What a party asks for in vain. */
  unmetOf(party: number): readonly Leaf[]
  /** All that is asked for in vain. */
  readonly unmet: readonly Leaf[]
  /** True for parties that are not live and resources that they wait for. */
  isBlocked(node: number): boolean
}

export function blockedGraph(graph: WaitsForGraph, { live, unmet }: Liveness): BlockedGraph {
  const parties = graph.parties.length
  const nodes = parties + 2 * graph.resources.length
  const blocked = new Uint8Array(nodes)
  for (let party = 0; party < parties; party++) blocked[party] = live[party] ? 0 : 1

  const sources: number[] = []
  const targets: number[] = []
  // Leaves come in the order of their parties.
  const first = new Int32Array(parties + 1)
  for (const leaf of unmet) {
    first[leaf.party + 1]!++
    const node = resourceNode(graph, leaf)
    sources.push(leaf.party)
    targets.push(node)
    if (blocked[node]) continue
    blocked[node] = 1
    for (const to of blockers(graph, leaf)) {
      if (live[to]) continue
      sources.push(node)
      targets.push(to)
    }
  }
  for (let party = 0; party < parties; party++) first[party + 1]! += first[party]!
  return {
    adjacency: adjacency(nodes, sources, targets),
    unmet,
    unmetOf: party => unmet.slice(first[party], first[party + 1]),
    isBlocked: node => blocked[node] === 1,
  }
}

/** Reader's requests have a node of their own: only a holder that lets no reader in stands in their way. */
function resourceNode(graph: WaitsForGraph, { resource, ask }: Leaf): number {
  return graph.parties.length + 2 * resource + (ask.kind === 'units' && ask.mode === 'shared' ? 1 : 0)
}

/** The number of the resource behind a node that is not a party. */
export function resourceBehind(graph: WaitsForGraph, node: number): number {
  return (node - graph.parties.length) >> 1
}

/** The parties that stand in the way of what is asked. */
export function* blockers(graph: WaitsForGraph, { resource: number, ask }: Leaf): Generator<number> {
  const { resource, holds, productions } = graph.resources[number]!
  if (ask.kind === 'produced') for (const { party } of productions) yield party
  else for (const { party, fact } of holds) if (ask.mode !== 'shared' || isExclusive(fact, resource)) yield party
}

/** Components that no path leaves: nodes, parties and resources mixed. What `beyond` names counts as outside. */
export function terminalComponents(
  { adjacency: { offsets, targets }, isBlocked }: BlockedGraph,
  beyond: (node: number) => boolean = () => false,
): readonly (readonly number[])[] {
  const skip = (node: number) => !isBlocked(node) || beyond(node)
  const { of, members } = findComponents({ offsets, targets }, skip)
  return members.filter((component, number) => {
    for (const node of component)
      for (let edge = offsets[node]!; edge < offsets[node + 1]!; edge++)
        if (of[targets[edge]!] !== number) return false
    return true
  })
}
