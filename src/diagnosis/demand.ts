import { isExclusive, isOpen, isOrphaned, type Pass, unitsAtHand } from './availability.ts'
import { isEmptyRow, packRows, type Rows } from './compressed-rows.ts'
import type { Ask } from './diagnosis.ts'
import { type ResourceNode, resourceNode, type WaitsForGraph } from './waits-for-graph.ts'

/** Who asks for what, resource by resource, and what is there to give: serves each leaf once, when it can be met. */
export class Demand {
  readonly #graph: WaitsForGraph
  readonly #pass: Pass
  readonly #serve: (leaf: number) => void
  /** The leaves that ask for each resource, the modest ones first. */
  readonly #asked: Rows
  /** Up to here counted requests are met. */
  readonly #met: Int32Array
  readonly #atHand: Float64Array
  /** Holders that are not yet live, and those among them that let nobody else in. */
  readonly #holders: Int32Array
  readonly #exclusive: Int32Array
  readonly #brought: Uint8Array

  constructor(graph: WaitsForGraph, pass: Pass, serve: (leaf: number) => void) {
    const { leaves } = graph.conditions
    const count = graph.resources.length
    this.#graph = graph
    this.#pass = pass
    this.#serve = serve
    this.#asked = packRows(count, leaves.resource)
    this.#met = this.#asked.offsets.slice(0, count)
    this.#atHand = new Float64Array(count)
    this.#holders = new Int32Array(count)
    this.#exclusive = new Int32Array(count)
    this.#brought = new Uint8Array(count)
    // What nobody described may always come.
    leaves.resource.forEach((resource, leaf) => {
      if (resource < 0) serve(leaf)
    })
    for (let resource = 0; resource < count; resource++)
      if (!isEmptyRow(this.#asked, resource)) this.#begin(resource, pass)
  }

  /** The holder behind the hold of that number has become live. */
  giveBack(hold: number): void {
    const resource = this.#graph.holds.resource[hold]!
    if (resource < 0 || isEmptyRow(this.#asked, resource)) return
    const fact = this.#graph.holds.facts[hold]!
    this.#atHand[resource]! += fact.units
    this.#holders[resource]!--
    if (isExclusive(fact, this.#graph.resources[resource]!)) this.#exclusive[resource]!--
    this.#give(resource)
  }

  /** A producer of that resource has become live. One that may release a unit that it does not hold spoils a proof. */
  bring(resource: number): void {
    if (resource < 0 || this.#brought[resource]) return
    this.#brought[resource] = 1
    const spoils = this.#pass === 'proof' && this.#graph.resources[resource]!.sort === 'reusable'
    this.#serveAll(resource, ask => spoils || ask.kind === 'produced')
  }

  #begin(resource: number, pass: Pass): void {
    const node = resourceNode(this.#graph, resource)
    if (isOpen(node, pass)) {
      this.#serveAll(resource, () => true)
      return
    }
    // A taken lock without a holder never opens: it counts one holder that never goes on.
    const gone = isOrphaned(node) ? 1 : 0
    this.#atHand[resource] = unitsAtHand(node, pass)
    this.#holders[resource] = node.holds.length + gone
    this.#exclusive[resource] = exclusiveCount(node) + gone
    const { offsets, items } = this.#asked
    const asked = items.subarray(offsets[resource], offsets[resource + 1])
    if (asked.some(leaf => this.#units(leaf) !== this.#units(asked[0]!)))
      asked.sort((a, b) => this.#units(a) - this.#units(b))
    this.#give(resource)
  }

  #give(resource: number): void {
    const { offsets, items } = this.#asked
    for (let at = this.#met[resource]!; at < offsets[resource + 1]!; at++) {
      const leaf = items[at]!
      const units = this.#units(leaf)
      if (units > this.#atHand[resource]!) break
      this.#met[resource] = at + 1
      if (units >= 0) this.#serve(leaf)
    }
    if (this.#exclusive[resource] === 0) {
      this.#exclusive[resource] = -1
      this.#serveAll(resource, ask => ask.kind === 'units' && ask.mode === 'shared')
    }
    if (this.#holders[resource] === 0) {
      this.#holders[resource] = -1
      this.#serveAll(resource, ask => ask.kind === 'units' && ask.mode === 'exclusive')
    }
  }

  #serveAll(resource: number, which: (ask: Ask) => boolean): void {
    const { offsets, items } = this.#asked
    const { ask } = this.#graph.conditions.leaves
    for (let at = offsets[resource]!; at < offsets[resource + 1]!; at++)
      if (which(ask[items[at]!]!)) this.#serve(items[at]!)
  }

  /** How many units a leaf asks for; -1 for one that does not count units. */
  #units(leaf: number): number {
    const ask = this.#graph.conditions.leaves.ask[leaf]!
    return ask.kind === 'units' && ask.mode === undefined ? ask.units : -1
  }
}

function exclusiveCount({ resource, holds }: ResourceNode): number {
  let count = 0
  for (const hold of holds) if (isExclusive(hold, resource)) count++
  return count
}
