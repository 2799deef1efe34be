/** The snapshot's facts, numbered: parties and resources as small integers, so that no later step looks up a name. */
import type { Hold, Production, Resource, Snapshot, Wait } from '../snapshot/model.ts'
import { type Conditions, compile } from './conditions.ts'

/** A party has, or brings, something of a resource. */
export interface Tie<Fact> {
  readonly party: number
  readonly resource: number
  readonly fact: Fact
}

export interface ResourceNode {
  readonly resource: Resource
  readonly holds: readonly Tie<Hold>[]
  readonly productions: readonly Tie<Production>[]
}

export interface WaitsForGraph {
  /** Threads in the order of the snapshot, then all other parties. */
  readonly parties: readonly string[]
  readonly partyNumber: ReadonlyMap<string, number>
  readonly resources: readonly ResourceNode[]
  readonly resourceNumber: ReadonlyMap<string, number>
  /** By party. Several waits of one party are guesses at one wait: any of them may be the true one. */
  readonly waits: readonly (readonly Wait[])[]
  /** By party: what it gives back, and what it brings, when it goes on. */
  readonly holdsOf: readonly (readonly Tie<Hold>[])[]
  readonly productionsOf: readonly (readonly Tie<Production>[])[]
  readonly conditions: Conditions
}

const none: readonly never[] = []

export function buildGraph(snapshot: Snapshot): WaitsForGraph {
  const parties: string[] = []
  const partyNumber = new Map<string, number>()
  const waits: (readonly Wait[])[] = []
  const holdsOf: (readonly Tie<Hold>[])[] = []
  const productionsOf: (readonly Tie<Production>[])[] = []
  const numberOf = (id: string): number => {
    const known = partyNumber.get(id)
    if (known !== undefined) return known
    const number = parties.push(id) - 1
    partyNumber.set(id, number)
    waits.push(none)
    holdsOf.push(none)
    productionsOf.push(none)
    return number
  }
  for (const process of snapshot.processes) for (const thread of process.threads) numberOf(thread.id)

  const resourceNumber = new Map<string, number>()
  const resources: Resource[] = []
  for (const resource of snapshot.resources)
    if (!resourceNumber.has(resource.id)) resourceNumber.set(resource.id, resources.push(resource) - 1)
  const holds = resources.map((): readonly Tie<Hold>[] => none)
  const productions = resources.map((): readonly Tie<Production>[] => none)

  for (const wait of snapshot.waits) append(waits, numberOf(wait.party), wait)
  for (const fact of snapshot.holds) tie(fact, holdsOf, holds)
  for (const fact of snapshot.productions) tie(fact, productionsOf, productions)
  return {
    parties,
    partyNumber,
    resources: resources.map((resource, at) => ({ resource, holds: holds[at]!, productions: productions[at]! })),
    resourceNumber,
    waits,
    holdsOf,
    productionsOf,
    conditions: compile(waits, resourceNumber),
  }

  function tie<Fact extends Hold | Production>(
    fact: Fact,
    byParty: (readonly Tie<Fact>[])[],
    byResource: (readonly Tie<Fact>[])[],
  ): void {
    const party = numberOf(fact.party)
    const resource = resourceNumber.get(fact.resource)
    // What nobody described cannot be waited for either.
    if (resource === undefined) return
    const made = { party, resource, fact }
    append(byParty, party, made)
    append(byResource, resource, made)
  }
}

/** Most lists stay empty or hold one item: they share one empty array until then. */
function append<T>(lists: (readonly T[])[], at: number, item: T): void {
  const list = lists[at]!
  if (list.length === 0) lists[at] = [item]
  else (list as T[]).push(item)
}
