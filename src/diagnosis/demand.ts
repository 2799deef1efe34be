import type { Hold } from '../snapshot/model.ts'
import { isExclusive, isOpen, isOrphaned, type Pass, unitsAtHand } from './availability.ts'
import type { Ask } from './diagnosis.ts'
import type { Tie, WaitsForGraph } from './waits-for-graph.ts'

/** Who asks for what, resource by resource, and what is there to give: serves each leaf once, when it can be met. */
export class Demand {
  readonly #graph: WaitsForGraph
  readonly #serve: (leaf: number) => void
  /** The leaves that ask for resource `n` are `#leaves[#offsets[n] … #offsets[n + 1] - 1]`, the modest ones first. */
  readonly #offsets: Int32Array
  readonly #leaves: Int32Array
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
    this.#serve = serve
    this.#offsets = new Int32Array(count + 1)
    for (const { resource } of leaves) if (resource >= 0) this.#offsets[resource + 1]!++
    for (let at = 0; at < count; at++) this.#offsets[at + 1]! += this.#offsets[at]!
    this.#met = this.#offsets.slice(0, count)
    this.#leaves = new Int32Array(this.#offsets[count]!)
    for (const [number, { resource }] of leaves.entries()) {
      if (resource >= 0) this.#leaves[this.#met[resource]!++] = number
      else serve(number)
    }
    this.#met.set(this.#offsets.subarray(0, count))
    this.#atHand = new Float64Array(count)
    this.#holders = new Int32Array(count)
    this.#exclusive = new Int32Array(count)
    this.#brought = new Uint8Array(count)
    for (let resource = 0; resource < count; resource++) if (this.#isAsked(resource)) this.#begin(resource, pass)
  }

  /** A holder has become live. */
  giveBack({ resource, fact }: Tie<Hold>): void {
    if (!this.#isAsked(resource)) return
    this.#atHand[resource]! += fact.units
    this.#holders[resource]!--
    if (isExclusive(fact, this.#graph.resources[resource]!.resource)) this.#exclusive[resource]!--
    this.#give(resource)
  }

  /** A producer has become live. */
  bring(resource: number): void {
    if (this.#brought[resource] || !this.#isAsked(resource)) return
    this.#brought[resource] = 1
    this.#serveAll(resource, ask => ask.kind === 'produced')
  }

  #begin(resource: number, pass: Pass): void {
    const node = this.#graph.resources[resource]!
    if (isOpen(node, pass)) {
      this.#serveAll(resource, () => true)
      return
    }
    // A taken lock without a holder never opens: it counts one holder that never goes on.
    const gone = isOrphaned(node) ? 1 : 0
    this.#atHand[resource] = unitsAtHand(node, pass)
    this.#holders[resource] = node.holds.length + gone
    this.#exclusive[resource] = node.holds.filter(({ fact }) => isExclusive(fact, node.resource)).length + gone
    const asked = this.#asked(resource)
    if (asked.length > 1) asked.sort((a, b) => this.#units(a) - this.#units(b))
    this.#give(resource)
  }

  #give(resource: number): void {
    const end = this.#offsets[resource + 1]!
    for (let at = this.#met[resource]!; at < end; at++) {
      const leaf = this.#leaves[at]!
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
    for (let at = this.#offsets[resource]!; at < this.#offsets[resource + 1]!; at++) {
      const leaf = this.#leaves[at]!
      if (which(this.#graph.conditions.leaves[leaf]!.ask)) this.#serve(leaf)
    }
  }

  #isAsked(resource: number): boolean {
    return this.#offsets[resource + 1]! > this.#offsets[resource]!
  }

  #asked(resource: number): Int32Array {
    return this.#leaves.subarray(this.#offsets[resource], this.#offsets[resource + 1])
  }

  /** How many units a leaf asks for; -1 for one that does not count units. */
  #units(leaf: number): number {
    const { ask } = this.#graph.conditions.leaves[leaf]!
    return ask.kind === 'units' && ask.mode === undefined ? ask.units : -1
  }
}
