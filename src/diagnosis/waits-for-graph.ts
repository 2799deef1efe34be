/** The snapshot's facts, numbered: parties and resources as small integers, so that no later step looks up a name. */
import type { Hold, Production, Resource, Snapshot, Wait } from '../snapshot/model.ts'
import { packRows, pick, type Rows } from './compressed-rows.ts'
import { type Conditions, compile } from './conditions.ts'

/** Holds or productions, with the numbers of whom and what they tie together. */
export interface Ties<Fact> {
  readonly facts: readonly Fact[]
  readonly party: Int32Array
  /** -1 where the snapshot does not describe the resource. */
  readonly resource: Int32Array
  readonly byParty: Rows
  readonly byResource: Rows
}

export interface WaitsForGraph {
  /** Threads in the order of the snapshot, then all other parties. */
  readonly parties: readonly string[]
  readonly partyNumber: ReadonlyMap<string, number>
  readonly resources: readonly Resource[]
  readonly resourceNumber: ReadonlyMap<string, number>
  readonly holds: Ties<Hold>
  readonly productions: Ties<Production>
  readonly waits: readonly Wait[]
  /** Several waits of one party are guesses at one wait: any of them may be the true one. */
  readonly waitsByParty: Rows
  readonly conditions: Conditions
}

/** A resource with all that is known about who has or brings it. */
export interface ResourceNode {
  readonly resource: Resource
  readonly holds: readonly Hold[]
  readonly productions: readonly Production[]
}

export function buildGraph(snapshot: Snapshot): WaitsForGraph {
  const parties: string[] = []
  const partyNumber = new Map<string, number>()
  const numberOf = (id: string): number => {
    const known = partyNumber.get(id)
    if (known !== undefined) return known
    const number = parties.push(id) - 1
    partyNumber.set(id, number)
    return number
  }
  for (const process of snapshot.processes) for (const thread of process.threads) numberOf(thread.id)
  const waitParty = Int32Array.from(snapshot.waits, ({ party }) => numberOf(party))
  const holdParty = Int32Array.from(snapshot.holds, ({ party }) => numberOf(party))
  const productionParty = Int32Array.from(snapshot.productions, ({ party }) => numberOf(party))

  const resourceNumber = new Map<string, number>()
  const resources: Resource[] = []
  for (const resource of snapshot.resources)
    if (!resourceNumber.has(resource.id)) resourceNumber.set(resource.id, resources.push(resource) - 1)

  const tie = <Fact extends Hold | Production>(facts: readonly Fact[], party: Int32Array): Ties<Fact> => {
    const resource = Int32Array.from(facts, fact => resourceNumber.get(fact.resource) ?? -1)
    const byParty = packRows(parties.length, party)
    return { facts, party, resource, byParty, byResource: packRows(resources.length, resource) }
  }
  const waitsByParty = packRows(parties.length, waitParty)
  return {
    parties,
    partyNumber,
    resources,
    resourceNumber,
    holds: tie(snapshot.holds, holdParty),
    productions: tie(snapshot.productions, productionParty),
    waits: snapshot.waits,
    waitsByParty,
    conditions: compile(snapshot.waits, waitsByParty, resourceNumber),
  }
}

export function resourceNode({ resources, holds, productions }: WaitsForGraph, number: number): ResourceNode {
  return {
    resource: resources[number]!,
    holds: pick(holds.facts, holds.byResource, number),
    productions: pick(productions.facts, productions.byResource, number),
  }
}

/** The resource of that id; undefined where the snapshot does not describe it. */
export function findResource(graph: WaitsForGraph, id: string): ResourceNode | undefined {
  const number = graph.resourceNumber.get(id)
  return number === undefined ? undefined : resourceNode(graph, number)
}

export function waitsOf({ waits, waitsByParty, partyNumber }: WaitsForGraph, party: string): readonly Wait[] {
  const number = partyNumber.get(party)
  return number === undefined ? [] : pick(waits, waitsByParty, number)
}

export function holdsOf({ holds, partyNumber }: WaitsForGraph, party: string): readonly Hold[] {
  const number = partyNumber.get(party)
  return number === undefined ? [] : pick(holds.facts, holds.byParty, number)
}
