/** Who refers to an object. */
import type { HeapEdge } from '../graph.ts'
import type { Edges } from './edges.ts'
import type { Objects } from './objects.ts'
import { isObjectShape, shape } from './shapes.ts'
import { flag } from './walk.ts'

/** Objects are indexed by groups of 2^9 words: few enough groups that their counters stay in the processor's cache. */
const GROUP = 9
/** How many arrays and cells may lie between a reference and the object that it belongs to. */
const DEEPEST = 3
const MOST = 100_000
/** How many references are followed for one answer: arrays that many share would multiply. */
const MOST_STEPS = 200_000

export class Retainers {
  readonly #objects: Objects
  readonly #edges: Edges
  #steps = 0
  #index: { readonly starts: Int32Array; readonly slots: Int32Array } | undefined

  constructor(objects: Objects, edges: Edges) {
    this.#objects = objects
    this.#edges = edges
  }

  of(node: number): readonly HeapEdge[] {
    const found: HeapEdge[] = []
    const seen = new Set<string>()
    this.#steps = 0
    for (const slot of this.#slotsOf(node)) {
      for (const owner of this.#owners(this.#holder(slot), 0)) {
        const edge = this.#edges.at(owner, slot)
        const key = `${owner} ${edge?.name}`
        if (edge === undefined || seen.has(key)) continue
        seen.add(key)
        found.push({ ...edge, node: owner })
        if (found.length >= MOST) return found
      }
    }
    return found
  }

  /** Makes the index, which else is made when it is needed first. */
  prepare(): void {
    this.#index ??= this.#makeIndex()
  }

  /** The live objects that a reference in `holder` may belong to: itself, or whoever has it as storage. */
  #owners(holder: number, depth: number): readonly number[] {
    if (holder === 0 || !this.#objects.isLive(holder) || ++this.#steps > MOST_STEPS) return []
    const code = this.#objects.shape(holder)
    if (!isStorage(code) && !this.#isPair(holder))
      return isShown(code) || this.#objects.isRequest(holder) ? [holder] : []
    if (depth >= DEEPEST) return []
    const above = this.#slotsOf(holder).map(slot => this.#holder(slot))
    const owners = above.flatMap(object => (object === holder ? [] : this.#owners(object, depth + 1)))
    // An array that belongs to no object is one itself.
    const isOwn =
      owners.length === 0 && depth === 0 && (code === shape.fixedArray || code === shape.arrayList)
    return isOwn && !above.some(object => isObjectShape(this.#objects.shape(object))) ? [holder] : owners
  }

  #isPair(object: number): boolean {
    return this.#objects.type(object) === this.#objects.layout.types.get('ACCESSOR_PAIR')
  }

  /** The object that a word lies in. */
  #holder(slot: number): number {
    const { flags, sizes, arena } = this.#objects
    const { first, end } = arena.chunkOf(slot)
    let at = slot
    while (at > first && (flags[at]! & flag.start) === 0) at--
    const map = arena.pointers[at]!
    const code = map === 0 ? 0 : flags[map]! & flag.shape
    if (code === 0) return 0
    const size = sizes.of(at, map, code, end)
    return size <= 0 || slot < at + size ? at : 0
  }

  #slotsOf(node: number): readonly number[] {
    this.#index ??= this.#makeIndex()
    const { starts, slots } = this.#index
    const { pointers } = this.#objects.arena
    const group = node >>> GROUP
    const found: number[] = []
    for (let at = starts[group]!; at < starts[group + 1]!; at++)
      if (pointers[slots[at]!] === node) found.push(slots[at]!)
    return found
  }

  /** All references to what is not read-only, but for those to maps from their objects: by group of the object referred to. */
  #makeIndex(): { readonly starts: Int32Array; readonly slots: Int32Array } {
    const { pointers, words, writable } = this.#objects.arena
    const { flags } = this.#objects
    const starts = new Int32Array((words >>> GROUP) + 2)
    countReferences(pointers, flags, writable, words, starts)
    for (let group = 1; group < starts.length; group++) starts[group]! += starts[group - 1]!
    const slots = new Int32Array(starts[starts.length - 1]!)
    sortReferences(pointers, flags, writable, words, starts.slice(), slots)
    return { starts, slots }
  }
}

function countReferences(
  pointers: Int32Array,
  flags: Uint8Array,
  writable: number,
  words: number,
  starts: Int32Array,
): void {
  for (let slot = writable; slot < words; slot++) {
    const target = pointers[slot]!
    if (target >= writable && (flags[slot]! & flag.start) === 0) starts[(target >>> GROUP) + 1]!++
  }
}

/** `next`: where the next reference of each group goes. */
function sortReferences(
  pointers: Int32Array,
  flags: Uint8Array,
  writable: number,
  words: number,
  next: Int32Array,
  slots: Int32Array,
): void {
  for (let slot = writable; slot < words; slot++) {
    const target = pointers[slot]!
    if (target >= writable && (flags[slot]! & flag.start) === 0) slots[next[target >>> GROUP]!++] = slot
  }
}

/** What belongs to the object that refers to it. */
function isStorage(code: number): boolean {
  return (
    code === shape.fixedArray ||
    code === shape.arrayList ||
    code === shape.propertyArray ||
    code === shape.cell ||
    code === shape.propertyCell
  )
}

function isShown(code: number): boolean {
  return (
    isObjectShape(code) ||
    code === shape.context ||
    code === shape.reaction ||
    code === shape.capability ||
    code === shape.job ||
    code === shape.module
  )
}
