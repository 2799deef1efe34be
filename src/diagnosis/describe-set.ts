/** Turns the nodes of a terminal component into parties, waits, edges and the cycle to show first. */
import { type BlockedGraph, blockers, resourceBehind } from './blocked-graph.ts'
import { type ClosedSet, edgeTo } from './closed-set.ts'
import type { Ask, Edge } from './diagnosis.ts'
import { shortestCycle } from './shortest-cycle.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

/** Beyond this many, edges that are not on the cycle are left out: no reader and no file is served by millions. */
const mostEdges = 10_000
/** From so many parties a shorter cycle is looked for, as long as that visits no more than so many nodes. */
const mostStarts = 32
const mostVisits = 50_000

export type Shape = Pick<ClosedSet, 'parties' | 'waits' | 'edges' | 'cycle'>

export function describeSet(
  nodes: readonly number[],
  graph: WaitsForGraph,
  blocked: BlockedGraph,
  ranks: Uint8Array,
): Shape {
  const isParty = (node: number) => node < graph.parties.length
  const numbers = nodes.filter(isParty).sort((a, b) => ranks[a]! - ranks[b]! || a - b)

  const cycle = cycleEdges(bestCycle(numbers, nodes, blocked), graph, blocked)
  const ring = cycle.map(edge => edge.from)
  const inRing = new Set(ring)
  const members = numbers.map(party => graph.parties[party]!)
  const parties = [...ring, ...members.filter(party => !inRing.has(party))]
  return {
    parties,
    waits: parties.flatMap(party => graph.waits[graph.partyNumber.get(party)!]!),
    edges: allEdges(numbers, graph, blocked, cycle),
    cycle,
  }
}

/** The shortest there is; among equals the one that starts from the best known party. */
function bestCycle(
  parties: readonly number[],
  nodes: readonly number[],
  { adjacency }: BlockedGraph,
): readonly number[] {
  const members = new Set(nodes)
  // Among several, what matters is how they wait for each other, not that one of them also waits for itself.
  const bounds = { within: (node: number) => members.has(node), alone: parties.length === 1 }
  const starts = Math.max(1, Math.min(mostStarts, Math.floor(mostVisits / nodes.length)))
  let best: readonly number[] = []
  for (const start of parties.slice(0, starts)) {
    const found = shortestCycle(adjacency, start, bounds)
    if (found && (best.length === 0 || found.length < best.length)) best = found
  }
  return best
}

/** Nodes alternate: a party, the resource that it asks for, the party that holds it … */
function cycleEdges(
  nodes: readonly number[],
  graph: WaitsForGraph,
  { unmetOf }: BlockedGraph,
): readonly Edge[] {
  const edges: Edge[] = []
  for (let at = 0; at < nodes.length; at += 2) {
    const resource = resourceBehind(graph, nodes[at + 1]!)
    const leaf = unmetOf(nodes[at]!).find(each => each.resource === resource)
    const edge = leaf && edgeTo(graph, leaf, nodes[(at + 2) % nodes.length]!)
    if (edge) edges.push(edge)
  }
  return edges
}

function allEdges(
  parties: readonly number[],
  graph: WaitsForGraph,
  { unmetOf }: BlockedGraph,
  cycle: readonly Edge[],
): readonly Edge[] {
  const members = new Set(parties)
  const edges = new Map(cycle.map(edge => [key(edge.from, edge.to, edge.ask), edge]))
  for (const party of parties) {
    for (const leaf of unmetOf(party)) {
      for (const to of blockers(graph, leaf)) {
        if (edges.size >= mostEdges + cycle.length) return [...edges.values()]
        const name = key(graph.parties[party]!, graph.parties[to]!, leaf.ask)
        const edge = members.has(to) && !edges.has(name) ? edgeTo(graph, leaf, to) : undefined
        if (edge) edges.set(name, edge)
      }
    }
  }
  return [...edges.values()]
}

function key(from: string, to: string, ask: Ask): string {
  return `${from} ${to} ${ask.kind} ${ask.resource}`
}
