import { edgeTo } from './closed-set.ts'
import type { Edge } from './diagnosis.ts'
import type { Reduction } from './reduction.ts'
import { requestParts } from './request-parts.ts'

const longest = 20
const mostGivers = 64

/** Who holds what a party waits for, what that one waits for, and so on, to the one that can go on. */
export function waitingChain(party: string, reduction: Reduction): readonly Edge[] {
  const chain: Edge[] = []
  const seen = new Set([party])
  for (let at = party; chain.length < longest; ) {
    const edge = firstEdge(at, reduction)
    if (!edge) break
    chain.push(edge)
    if (seen.has(edge.to)) break
    seen.add(edge.to)
    at = edge.to
  }
  return chain
}

/** Sure edges before unsure ones, a lock's holder before one that may bring an event. */
function firstEdge(party: string, { graph }: Reduction): Edge | undefined {
  const edges: Edge[] = []
  const number = graph.partyNumber.get(party) ?? -1
  for (const wait of graph.waits[number] ?? []) {
    for (const ask of requestParts(wait.request).asks) {
      const resource = graph.resourceNumber.get(ask.resource) ?? -1
      const node = graph.resources[resource]
      const ties = (ask.kind === 'produced' ? node?.productions : node?.holds) ?? []
      for (const { party: to } of ties.slice(0, mostGivers)) {
        const edge = to === number ? undefined : edgeTo(graph, { gate: -1, party: number, resource, ask, wait }, to)
        if (edge) edges.push(edge)
      }
    }
  }
  const sure = edges.filter(edge => edge.sure)
  const ranked = sure.length > 0 ? sure : edges
  return ranked.find(edge => edge.by.kind === 'hold') ?? (ranked.length === 1 ? ranked[0] : undefined)
}
