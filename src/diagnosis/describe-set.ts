/** Turns the nodes of a terminal component into parties, waits, edges and the cycle to show first. */
import { type BlockedGraph, blockers, resourceBehind } from './blocked-graph.ts'
import { type ClosedSet, edgeTo } from './closed-set.ts'
import type { Component } from './components.ts'
import { pick } from './compressed-rows.ts'
import type { Edge } from './diagnosis.ts'
import { shortestCycle } from './shortest-cycle.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

/** Beyond this many, edges that are not on the cycle are left out: no reader and no file is served by millions. */
const mostEdges = 10_000
/** From so many parties a shorter cycle is looked for, as long as that visits no more than so many nodes. */
const mostStarts = 32
const mostVisits = 50_000

export type Shape = Pick<ClosedSet, 'parties' | 'waits' | 'edges' | 'cycle'>

/** `ranks` tells by party number how well a reader knows it, best known first. */
export function describeSet(
  set: Component,
  graph: WaitsForGraph,
  blocked: BlockedGraph,
  ranks: Uint8Array,
): Shape {
  const count = graph.parties.length
  const numbers = set.nodes.filter(node => node < count).sort((a, b) => ranks[a]! - ranks[b]! || a - b)
  const walk = bestCycle(numbers, set, blocked)
  const ring = walk.filter(node => node < count)
  const inRing = new Set(ring.length < numbers.length ? ring : [])
  const order =
    ring.length < numbers.length ? [...ring, ...numbers.filter(party => !inRing.has(party))] : ring
  const cycle = cycleEdges(walk, graph, blocked)
  return {
    parties: order.map(party => graph.parties[party]!),
    waits: order.flatMap(party => pick(graph.waits, graph.waitsByParty, party)),
    edges: [...cycle, ...otherEdges(order, set, walk, graph, blocked)],
    cycle,
  }
}

/** The shortest there is; among equals the one that starts from the best known party. */
function bestCycle(
  parties: readonly number[],
  { nodes, has }: Component,
  { waitsFor }: BlockedGraph,
): readonly number[] {
  // Among several, what matters is how they wait for each other, not that one of them also waits for itself.
  const bounds = { within: has, alone: parties.length === 1 }
  const starts = Math.max(1, Math.min(mostStarts, Math.floor(mostVisits / nodes.length)))
  let best: readonly number[] = []
  for (const start of parties.slice(0, starts)) {
    const found = shortestCycle(waitsFor, start, bounds)
    if (found && (best.length === 0 || found.length < best.length)) best = found
  }
  return best
}

/** Nodes alternate: a party, the resource that it asks for, the party that holds it … */
function cycleEdges(
  walk: readonly number[],
  graph: WaitsForGraph,
  { unmetOf }: BlockedGraph,
): readonly Edge[] {
  const { leaves } = graph.conditions
  const edges: Edge[] = []
  for (let at = 0; at < walk.length; at += 2) {
    const resource = resourceBehind(graph, walk[at + 1]!)
    const leaf = unmetOf(walk[at]!).find(each => leaves.resource[each] === resource)
    const edge = leaf === undefined ? undefined : edgeTo(graph, leaf, walk[(at + 2) % walk.length]!)
    if (edge) edges.push(edge)
  }
  return edges
}

/** The edges between members that are not on the cycle. */
function otherEdges(
  order: readonly number[],
  { has }: Component,
  walk: readonly number[],
  graph: WaitsForGraph,
  { unmetOf }: BlockedGraph,
): readonly Edge[] {
  const { leaves } = graph.conditions
  const edges: Edge[] = []
  for (const [index, party] of order.entries()) {
    const seen = new Set<string>()
    if (2 * index < walk.length)
      seen.add(`${resourceBehind(graph, walk[2 * index + 1]!)} ${walk[(2 * index + 2) % walk.length]}`)
    for (const leaf of unmetOf(party)) {
      for (const to of blockers(graph, leaf)) {
        if (edges.length >= mostEdges) return edges
        // Among several, that a loop could also wake itself tells nothing.
        if (to === party && order.length > 1 && leaves.ask[leaf]!.kind === 'produced') continue
        const key = `${leaves.resource[leaf]} ${to}`
        const edge = has(to) && !seen.has(key) ? edgeTo(graph, leaf, to) : undefined
        seen.add(key)
        if (edge) edges.push(edge)
      }
    }
  }
  return edges
}
