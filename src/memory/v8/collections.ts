/** The elements of arrays, and the entries of maps and sets. */
import type { Seen, SeenValues } from './seen-values.ts'

const MOST = 100_000

export class Collections {
  readonly #values: SeenValues

  constructor(values: SeenValues) {
    this.#values = values
  }

  /** Of an array, how many elements it has. */
  length(object: number): number | undefined {
    if (this.#values.sort(object) !== 'array') return undefined
    const length = this.#values.heap.smi(object, 8 * this.#values.fields.array.length)
    return length === undefined || length < 0 || length > MOST ? undefined : length
  }

  element(object: number, index: number): Seen | undefined {
    const { heap } = this.#values
    const elements = heap.pointer(object, 8 * this.#values.fields.object.elements)
    if (elements === undefined || !heap.is(elements, 'FIXED_ARRAY')) return undefined
    const capacity = heap.arrayLength(elements) ?? 0
    const length = this.length(object) ?? capacity
    return index < Math.min(length, capacity) ? this.#values.at(heap.elementAt(elements, index)) : undefined
  }

  /** The entries of a Map, or of a Set, whose values stand for both; of a WeakMap in no order. */
  entries(object: number): readonly (readonly [Seen, Seen])[] | undefined {
    const sort = this.#values.sort(object)
    const { heap } = this.#values
    const table = heap.pointer(object, 8 * this.#values.fields.collection.table)
    if (table === undefined) return undefined
    const first = heap.elementAt(table, 0)
    if (sort === 'weak map') return this.#weakEntries(table)
    if (sort !== 'map' && sort !== 'set') return undefined
    const [used, deleted, buckets] = [0, 1, 2].map(index => heap.smiAt(first + 8 * index))
    if (used === undefined || deleted === undefined || buckets === undefined) return undefined
    if (used < 0 || deleted < 0 || buckets <= 0 || used + deleted > MOST || buckets > MOST) return undefined
    const step = sort === 'map' ? 3 : 2
    const found: (readonly [Seen, Seen])[] = []
    for (let count = 0; count < used + deleted; count++) {
      const at = first + 8 * (3 + buckets + count * step)
      const key = this.#values.at(at)
      const value = sort === 'map' ? this.#values.at(at + 8) : key
      if (key !== undefined && value !== undefined) found.push([key, value])
    }
    return found
  }

  /** EphemeronHashTable: three counts, then keys with their values. */
  #weakEntries(table: number): readonly (readonly [Seen, Seen])[] | undefined {
    const { heap } = this.#values
    const capacity = heap.smiAt(heap.elementAt(table, 2))
    if (capacity === undefined || capacity <= 0 || capacity > MOST) return undefined
    const found: (readonly [Seen, Seen])[] = []
    for (let index = 0; index < capacity; index++) {
      const [key, value] = [0, 1].map(part => this.#values.at(heap.elementAt(table, 3 + 2 * index + part)))
      if (key?.kind === 'object' && value !== undefined) found.push([key, value])
    }
    return found
  }
}
