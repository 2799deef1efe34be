/** A set of parties that wait only for each other: what is found before it is given a kind and a name. */
import type { Hold, Production, Wait } from '../snapshot/model.ts'
import type { Leaf } from './conditions.ts'
import type { Edge } from './diagnosis.ts'
import type { Tie, WaitsForGraph } from './waits-for-graph.ts'

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
export function edgeTo(graph: WaitsForGraph, leaf: Leaf, to: number): Edge | undefined {
  const { ask, wait } = leaf
  const resource = graph.resources[leaf.resource]?.resource
  const own = <Fact>(ties: readonly Tie<Fact>[]) => ties.find(tie => tie.resource === leaf.resource)?.fact
  const by = ask.kind === 'produced' ? bringing(own(graph.productionsOf[to]!)) : holding(own(graph.holdsOf[to]!))
  if (!resource || !by) return undefined
  const fact = by.kind === 'hold' ? by.hold : by.production
  return { from: wait.party, to: graph.parties[to]!, ask, resource, wait, by, ...credit(wait, fact) }
}

function holding(hold: Hold | undefined): Edge['by'] | undefined {
  return hold && { kind: 'hold', hold }
}

function bringing(production: Production | undefined): Edge['by'] | undefined {
  return production && { kind: 'production', production }
}

type Credit = Pick<Edge, 'how' | 'sure' | 'evidence' | 'doubt'>

/** An edge is as good as the weaker of the two facts that make it. */
function credit(
  wait: Wait,
  fact: Pick<Wait, 'how' | 'sure' | 'evidence'> & { readonly doubt?: string | undefined },
): Credit {
  const how = wait.how === 'inferred' ? 'inferred' : fact.how
  const evidence = wait.evidence === fact.evidence ? fact.evidence : `${wait.evidence} ${fact.evidence}`.trim()
  if (wait.sure && fact.sure) return { how, sure: true, evidence }
  const doubt = [wait, fact].flatMap(({ sure, doubt }) => (sure ? [] : [doubt ?? 'nothing proves it']))
  return { how, sure: false, evidence, doubt: doubt.join('; ') }
}
