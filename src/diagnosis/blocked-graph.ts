/**
 * What remains when all that can go on has gone: who waits for which resource, and who holds it. Parties and resources
 * are both nodes, so that a thousand waiters behind a thousand holders are two thousand edges, not a million.
 */
import { isExclusive } from './availability.ts'
import { type Component, findComponents, terminal } from './components.ts'
import { packRows, type Rows } from './compressed-rows.ts'
import type { Liveness } from './liveness.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

export interface BlockedGraph {
  /** By node: those that it waits for. */
  readonly waitsFor: Rows
  /** By node: 1 for parties that are not live and resources that they wait for. */
  readonly blocked: Uint8Array
  /** Leaves that cannot be met, all and by party. */
  readonly unmet: Int32Array
  unmetOf(party: number): Int32Array
}

export function blockedGraph(graph: WaitsForGraph, { live, unmet }: Liveness): BlockedGraph {
  const parties = graph.parties.length
  const { leaves } = graph.conditions
  const nodes = parties + 2 * graph.resources.length
  const blocked = new Uint8Array(nodes)
  for (let party = 0; party < parties; party++) blocked[party] = live[party] ? 0 : 1

  const sources: number[] = []
  const targets: number[] = []
  const first = new Int32Array(parties + 1)
  for (const leaf of unmet) {
    const party = leaves.party[leaf]!
    first[party + 1]!++
    const node = nodeOf(graph, leaf)
    sources.push(party)
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
    waitsFor: packRows(nodes, sources, targets),
    blocked,
    unmet,
    unmetOf: party => unmet.subarray(first[party], first[party + 1]),
  }
}

/** Readers' requests have a node of their own: only a holder that lets no reader in stands in their way. */
function nodeOf(graph: WaitsForGraph, leaf: number): number {
  const { ask, resource } = graph.conditions.leaves
  const { kind, mode } = ask[leaf] as { kind: string; mode?: string }
  return graph.parties.length + 2 * resource[leaf]! + (kind === 'units' && mode === 'shared' ? 1 : 0)
}

/** The number of the resource behind a node that is not a party. */
export function resourceBehind(graph: WaitsForGraph, node: number): number {
  return (node - graph.parties.length) >> 1
}

/** The parties that stand in the way of what a leaf asks, live or not. */
export function blockers(
  { conditions, resources, holds, productions }: WaitsForGraph,
  leaf: number,
): number[] {
  const { leaves } = conditions
  const ask = leaves.ask[leaf]!
  const resource = leaves.resource[leaf]!
  const { byResource, party } = ask.kind === 'produced' ? productions : holds
  const parties: number[] = []
  for (let at = byResource.offsets[resource]!; at < byResource.offsets[resource + 1]!; at++) {
    const tie = byResource.items[at]!
    const passes =
      ask.kind === 'units' && ask.mode === 'shared' && !isExclusive(holds.facts[tie]!, resources[resource]!)
    if (!passes) parties.push(party[tie]!)
  }
  return parties
}

/** Components that no path leaves: nodes, parties and resources mixed. What `beyond` names counts as outside. */
export function terminalComponents(
  { waitsFor, blocked }: BlockedGraph,
  beyond: (node: number) => boolean = () => false,
): readonly Component[] {
  const skip = blocked.map((is, node) => (is && !beyond(node) ? 0 : 1))
  return terminal(waitsFor, findComponents(waitsFor, skip))
}
