/** Single objects of the arena, by the index of their first word: what they are, and what their fields hold. */

import type { Memory } from '../../memory/memory.ts'
import { type Fields, fieldsOf } from '../../memory/v8/fields.ts'
import { Heap } from '../../memory/v8/heap.ts'
import type { Layout } from '../../memory/v8/layout.ts'
import type { HeapValue } from '../graph.ts'
import type { Arena } from './arena.ts'
import { ArenaMemory } from './arena-memory.ts'
import { isObjectShape, shape } from './shapes.ts'
import { flag, Sizes } from './walk.ts'

const LONGEST_TEXT = 1000

export class Objects {
  readonly arena: Arena
  readonly flags: Uint8Array
  readonly layout: Layout
  readonly fields: Fields
  readonly sizes: Sizes
  /** The same objects by their addresses. */
  readonly heap: Heap
  readonly #texts = new Map<number, string | undefined>()
  readonly #oddball: number
  readonly #heapNumber: number
  readonly #symbol: number
  readonly #request: number

  constructor(arena: Arena, flags: Uint8Array, layout: Layout, outside: Memory) {
    this.arena = arena
    this.flags = flags
    this.layout = layout
    this.fields = fieldsOf(layout)
    this.sizes = new Sizes(arena, layout)
    this.heap = new Heap(new ArenaMemory(arena, outside), layout)
    this.#oddball = layout.types.get('ODDBALL') ?? -1
    this.#heapNumber = layout.types.get('HEAP_NUMBER') ?? -1
    this.#symbol = layout.types.get('SYMBOL') ?? -1
    this.#request = layout.types.get('ASYNC_GENERATOR_REQUEST') ?? -1
  }

  /** What stands in a word: the object that it points to, or 0. */
  target(word: number): number {
    return this.arena.pointers[word] ?? 0
  }

  smi(word: number): number | undefined {
    return word < this.arena.words ? this.arena.smi(word) : undefined
  }

  map(object: number): number {
    return this.target(object)
  }

  /** 0 for what is no object. */
  shape(object: number): number {
    return object === 0 ? 0 : this.flags[this.target(object)]! & flag.shape
  }

  type(object: number): number {
    const map = this.map(object)
    return map === 0 || object === 0
      ? -1
      : this.arena.bytes.readUInt16LE(map * 8 + this.fields.map.instanceType)
  }

  isLive(object: number): boolean {
    return (this.flags[object]! & (flag.live | flag.pending)) !== 0
  }

  isJavaScript(object: number): boolean {
    return isObjectShape(this.shape(object))
  }

  isText(object: number): boolean {
    return this.shape(object) !== 0 && this.type(object) < this.layout.string.firstNonString
  }

  /** What an async generator is asked for, one link of its queue. */
  isRequest(object: number): boolean {
    return this.type(object) === this.#request
  }

  isSymbol(object: number): boolean {
    return this.type(object) === this.#symbol
  }

  /** In words, 0 where it is not known. */
  size(object: number): number {
    const map = this.map(object)
    if (map === 0) return 0
    return Math.max(0, this.sizes.of(object, map, this.shape(object), this.arena.chunkOf(object).end))
  }

  /** A tagged pointer to it, as V8 has it. */
  tagged(object: number): number {
    return this.arena.addressOf(object) + 1
  }

  /** The object that a tagged pointer is for; 0 when it is none of the heap. */
  fromTagged(pointer: number | undefined): number {
    return pointer === undefined ? 0 : this.arena.wordOf(pointer - 1)
  }

  /** The whole text of a string. */
  text(object: number): string | undefined {
    if (object === 0) return undefined
    if (this.#texts.has(object)) return this.#texts.get(object)
    const text = this.isText(object) ? this.heap.text(this.tagged(object)) : undefined
    // Names are short and asked for again and again.
    if (text === undefined || text.length < 200) this.#texts.set(object, text)
    return text
  }

  /** How many elements an array of V8's own has, cut at the end of its memory. */
  length(array: number): number {
    const size = this.size(array)
    return size < 2 ? 0 : size - 2
  }

  number(word: number): number | undefined {
    const small = this.smi(word)
    if (small !== undefined) return small
    const target = this.target(word)
    return target !== 0 && this.type(target) === this.#heapNumber
      ? this.arena.bytes.readDoubleLE((target + this.fields.heapNumber) * 8)
      : undefined
  }

  /** Undefined for what holds nothing: a hole in an array, a variable before its declaration. */
  value(word: number): HeapValue | undefined {
    const number = this.number(word)
    if (number !== undefined) return { kind: 'number', value: number }
    const object = this.target(word)
    if (object === 0) return { kind: 'unknown' }
    if (this.isText(object)) {
      const value = this.text(object)
      return value === undefined ? { kind: 'unknown' } : { kind: 'text', value: value.slice(0, LONGEST_TEXT) }
    }
    if (this.type(object) === this.#oddball) return this.#oddballValue(object)
    return this.isHole(object) ? undefined : { kind: 'node', node: object }
  }

  #oddballValue(object: number): HeapValue | undefined {
    const kind = this.smi(object + this.fields.oddballKind)
    const { constants } = this.layout
    if (kind === constants.get('OddballTrue')) return { kind: 'boolean', value: true }
    if (kind === constants.get('OddballFalse')) return { kind: 'boolean', value: false }
    if (kind === constants.get('OddballNull')) return { kind: 'null' }
    return kind === constants.get('OddballUndefined') ? { kind: 'undefined' } : undefined
  }

  /** Holes are read-only things of types of their own, which not every V8 names. */
  isHole(object: number): boolean {
    if (object === 0 || object >= this.arena.writable) return false
    const code = this.shape(object)
    return (
      code === shape.variable || code === 0 || this.type(object) === (this.layout.types.get('HOLE') ?? -1)
    )
  }

  /** Whether a word holds an object that a program could have: no number, no `undefined`, no text. */
  isObject(object: number): boolean {
    return object >= this.arena.writable && this.shape(object) !== 0
  }
}
