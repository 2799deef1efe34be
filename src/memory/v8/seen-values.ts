/** The values of the program that stand in the slots of V8's heap, and what sort of objects they are. */
import { fieldsOf } from './fields.ts'
import type { Heap } from './heap.ts'

/** A value of the program. Objects, functions too, by their tagged pointer. */
export type Seen =
  | { readonly kind: 'undefined' | 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'symbol'; readonly at: number }
  | { readonly kind: 'object'; readonly at: number }

/** What an object has by a name. */
export type Property =
  | { readonly kind: 'value'; readonly value: Seen }
  /** `getter` is undefined where there is none, or where it is not a function of a script. */
  | { readonly kind: 'accessor'; readonly getter: number | undefined }
  /** It is there, but what it holds is in no form that is known. */
  | { readonly kind: 'unreadable' }

/** What sort of object it is, for those that are not plain. */
export type ObjectSort =
  | 'object'
  | 'array'
  | 'function'
  | 'bound function'
  | 'map'
  | 'set'
  | 'weak map'
  | 'typed array'
  | 'array buffer'
  | 'proxy'
  | 'namespace'

export class SeenValues {
  readonly heap: Heap
  readonly fields: ReturnType<typeof fieldsOf>
  readonly #sorts: ReadonlyMap<number, ObjectSort>
  readonly #firstObject: number

  constructor(heap: Heap) {
    this.heap = heap
    this.fields = fieldsOf(heap.layout)
    const { types } = heap.layout
    const sorts: readonly (readonly [string, ObjectSort])[] = [
      ['JS_ARRAY', 'array'],
      ['JS_MAP', 'map'],
      ['JS_SET', 'set'],
      ['JS_WEAK_MAP', 'weak map'],
      ['JS_TYPED_ARRAY', 'typed array'],
      ['JS_ARRAY_BUFFER', 'array buffer'],
      ['JS_BOUND_FUNCTION', 'bound function'],
      ['JS_PROXY', 'proxy'],
      ['JS_MODULE_NAMESPACE', 'namespace'],
    ]
    this.#sorts = new Map(
      sorts.flatMap(([name, sort]) => {
        const type = types.get(name)
        return type === undefined ? [] : [[type, sort] as const]
      }),
    )
    this.#firstObject = types.get('JS_PROXY') ?? Infinity
  }

  /** The value in a tagged slot; undefined for what is no value of the program, such as a hole. */
  at(address: number): Seen | undefined {
    const small = this.heap.smiAt(address)
    if (small !== undefined) return { kind: 'number', value: small }
    return this.value(this.heap.memory.word(address))
  }

  /** What a tagged pointer leads to. */
  value(word: number | undefined): Seen | undefined {
    const { heap } = this
    const type = heap.typeOf(word)
    if (word === undefined || type === undefined) return undefined
    if (type < heap.layout.string.firstNonString) {
      const value = heap.text(word)
      return value === undefined ? undefined : { kind: 'string', value }
    }
    const { types } = heap.layout
    if (type === types.get('ODDBALL')) return this.#oddball(word)
    if (type === types.get('HEAP_NUMBER')) {
      const bytes = heap.memory.bytes(word - 1 + 8 * this.fields.heapNumber, 8)
      return bytes && { kind: 'number', value: bytes.readDoubleLE(0) }
    }
    if (type === types.get('SYMBOL')) return { kind: 'symbol', at: word }
    return type >= this.#firstObject ? { kind: 'object', at: word } : undefined
  }

  #oddball(object: number): Seen | undefined {
    const kind = this.heap.smi(object, 8 * this.fields.oddballKind)
    const { constants } = this.heap.layout
    if (kind === constants.get('OddballTrue')) return { kind: 'boolean', value: true }
    if (kind === constants.get('OddballFalse')) return { kind: 'boolean', value: false }
    if (kind === constants.get('OddballNull')) return { kind: 'null' }
    return kind === constants.get('OddballUndefined') ? { kind: 'undefined' } : undefined
  }

  sort(object: number): ObjectSort {
    if (this.heap.isFunction(object)) return 'function'
    return this.#sorts.get(this.heap.typeOf(object) ?? -1) ?? 'object'
  }
}
