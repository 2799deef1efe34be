import type { Request } from '../snapshot/model.ts'
import { edgeFor } from './closed-set.ts'
import type { Edge } from './diagnosis.ts'
import type { Reduction } from './reduction.ts'
import { requestParts } from './request-parts.ts'
import { findResource, waitsOf } from './waits-for-graph.ts'

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
  for (const wait of waitsOf(graph, party)) {
    // The line ends at one that needs nobody here, unless that it may need nobody is but a guess.
    const free = wait.sure && needsNobody(wait.request)
    for (const ask of requestParts(wait.request).asks) {
      if (free && ask.kind !== 'units') continue
      const node = findResource(graph, ask.resource)
      const givers = (ask.kind === 'produced' ? node?.productions : node?.holds) ?? []
      for (const giver of givers.slice(0, mostGivers)) {
        if (giver.party === party) continue
        const edge = edgeFor(graph, wait, ask, graph.partyNumber.get(giver.party)!)
        if (edge) edges.push(edge)
      }
    }
  }
  const sure = edges.filter(edge => edge.sure)
  const ranked = sure.length > 0 ? sure : edges
  return ranked.find(edge => edge.by.kind === 'hold') ?? (ranked.length === 1 ? ranked[0] : undefined)
}

/** Whether something from outside of all processes is enough for it to go on. */
function needsNobody(request: Request): boolean {
  switch (request.kind) {
    case 'outside':
      return true
    case 'anyOf':
      return request.requests.some(needsNobody)
    case 'allOf':
      return request.requests.every(needsNobody)
    default:
      return false
  }
}
