/** A set of parties that wait only for each other: what is found before it is given a kind and a name. */
import type { Wait } from '../snapshot/model.ts'
import { row } from './compressed-rows.ts'
import type { Ask, Edge } from './diagnosis.ts'
import type { Ties, WaitsForGraph } from './waits-for-graph.ts'

export interface ClosedSet {
  /** Every fact of it is sure and they held at one moment. */
  readonly proved: boolean
  /** The one that a reader knows best first. */
  readonly parties: readonly string[]
  readonly waits: readonly Wait[]
  readonly edges: readonly Edge[]
  /** In waiting order, from the first party back to it. */
  readonly cycle: readonly Edge[]
  readonly doubts: readonly string[]
  /** Its parties and resources in the blocked graph. */
  readonly nodes: readonly number[]
}

/** The edge that a leaf of a request makes to a party; undefined when that neither holds nor brings what is asked. */
export function edgeTo(graph: WaitsForGraph, leaf: number, to: number): Edge | undefined {
  const { leaves } = graph.conditions
  return edgeFor(graph, graph.waits[leaves.wait[leaf]!]!, leaves.ask[leaf]!, to)
}

/** The same for any part of a wait. */
export function edgeFor(graph: WaitsForGraph, wait: Wait, ask: Ask, to: number): Edge | undefined {
  const number = graph.resourceNumber.get(ask.resource)
  const by = number === undefined ? undefined : tieTo(graph, ask, number, to)
  if (number === undefined || !by) return undefined
  const resource = graph.resources[number]!
  const fact = by.kind === 'hold' ? by.hold : by.production
  return { from: wait.party, to: graph.parties[to]!, ask, resource, wait, by, ...credit(wait, fact) }
}

function tieTo(graph: WaitsForGraph, ask: Ask, resource: number, party: number): Edge['by'] | undefined {
  const own = <Fact>({ byParty, resource: resources, facts }: Ties<Fact>) => {
    const tie = row(byParty, party).find(each => resources[each] === resource)
    return tie === undefined ? undefined : facts[tie]
  }
  if (ask.kind === 'produced') {
    const production = own(graph.productions)
    return production && { kind: 'production', production }
  }
  const hold = own(graph.holds)
  return hold && { kind: 'hold', hold }
}

type Credit = Pick<Edge, 'how' | 'sure' | 'evidence' | 'doubt'>

/** An edge is as good as the weaker of the two facts that make it. */
function credit(
  wait: Wait,
  fact: Pick<Wait, 'how' | 'sure' | 'evidence'> & { readonly doubt?: string | undefined },
): Credit {
  const how = wait.how === 'inferred' ? 'inferred' : fact.how
  const evidence =
    wait.evidence === fact.evidence ? fact.evidence : `${wait.evidence} ${fact.evidence}`.trim()
  if (wait.sure && fact.sure) return { how, sure: true, evidence }
  const doubt = [wait, fact].flatMap(({ sure, doubt }) => (sure ? [] : [doubt ?? 'nothing proves it']))
  return { how, sure: false, evidence, doubt: doubt.join('; ') }
}
