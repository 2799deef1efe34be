/**
 * JavaScript objects read one by one, where something asks for them: properties, elements, variables of closures, the memory of
 * typed arrays. What cannot be read, or is not known, is undefined.
 */
import { fieldsOf } from './fields.ts'
import type { Heap } from './heap.ts'
import { exportedCell, moduleVariable, ScopeVariables } from './scope-variables.ts'
import { functionName, functionRange, type Range, Script, scriptOf } from './scripts.ts'

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

/** The memory of a typed array. */
export interface View {
  /** Its name: `Int32Array`. */
  readonly type: string
  readonly elementBytes: number
  /** Of its first element, in the address space of the process. */
  readonly address: number
  readonly length: number
  /** The buffer that it is a view of, an object; memory of WebAssembly may have none. */
  readonly buffer: number | Buffer
}

export interface Buffer {
  /** Where its memory begins. */
  readonly address: number
  readonly bytes: number
  readonly shared: boolean
  /** V8's number of the memory, the same in all threads of the process; undefined where it was not found. */
  readonly id: number | undefined
}

const MOST = 100_000
/** Scopes nest so deep at most. */
const DEEPEST = 1000
const LONGEST_CHAIN = 64
const LARGEST_BUFFER = 2 ** 46

/** The elements of typed arrays by the names of their classes, bytes. */
const elementBytes: Readonly<Record<string, number>> = {
  Int8Array: 1,
  Uint8Array: 1,
  Uint8ClampedArray: 1,
  Int16Array: 2,
  Uint16Array: 2,
  Int32Array: 4,
  Uint32Array: 4,
  Float32Array: 4,
  Float64Array: 8,
  BigInt64Array: 8,
  BigUint64Array: 8,
}

export class Objects {
  readonly heap: Heap
  readonly #fields: ReturnType<typeof fieldsOf>
  readonly #scopes: ScopeVariables
  readonly #sorts: ReadonlyMap<number, ObjectSort>
  readonly #firstObject: number
  readonly #classes = new Map<number, string>()
  readonly #scripts = new Map<number, Script>()

  constructor(heap: Heap) {
    this.heap = heap
    this.#fields = fieldsOf(heap.layout)
    this.#scopes = new ScopeVariables(heap)
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
      const bytes = heap.memory.bytes(word - 1 + 8 * this.#fields.heapNumber, 8)
      return bytes && { kind: 'number', value: bytes.readDoubleLE(0) }
    }
    if (type === types.get('SYMBOL')) return { kind: 'symbol', at: word }
    return type >= this.#firstObject ? { kind: 'object', at: word } : undefined
  }

  #oddball(object: number): Seen | undefined {
    const kind = this.heap.smi(object, 8 * this.#fields.oddballKind)
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

  prototype(object: number): number | undefined {
    const map = this.heap.pointer(object, 0)
    const prototype = map === undefined ? undefined : this.heap.pointer(map, 8 * this.#fields.map.prototype)
    return this.value(prototype)?.kind === 'object' ? prototype : undefined
  }

  /** The name of what `object.constructor` is by its prototypes; empty where there is none. */
  className(object: number): string {
    let at = this.prototype(object)
    const first = at
    const known = first === undefined ? '' : this.#classes.get(first)
    if (known !== undefined) return known
    let name = ''
    for (let step = 0; at !== undefined && name === '' && step < LONGEST_CHAIN; step++) {
      const maker = this.own(at, 'constructor')
      if (maker?.kind === 'value' && maker.value.kind === 'object') name = this.functionName(maker.value.at)
      at = this.prototype(at)
    }
    this.#classes.set(first!, name)
    return name
  }

  functionName(object: number): string {
    if (!this.heap.isFunction(object)) return ''
    const shared = this.shared(object)
    const name = shared === undefined ? '' : (functionName(this.heap, shared) ?? '')
    if (name !== '') return name
    const own = this.own(object, 'name')
    return own?.kind === 'value' && own.value.kind === 'string' ? own.value.value : ''
  }

  /** What an object has itself by a name: elements by their numbers, private ones as `#name`. */
  own(object: number, name: string): Property | undefined {
    if (/^(0|[1-9]\d*)$/.test(name)) {
      const value = this.element(object, Number(name))
      return value && { kind: 'value', value }
    }
    const sort = this.sort(object)
    if (sort === 'namespace') return this.#exported(object, name)
    if (sort === 'function' && name === 'prototype') return this.#prototypeOf(object)
    let found: Property | undefined
    this.#visit(object, (key, property) => {
      if (key() !== name) return false
      found = property() ?? { kind: 'unreadable' }
      return true
    })
    return found
  }

  /** What `import * as` gives: the cells of a module, by the names that it exports. */
  #exported(namespace: number, name: string): Property | undefined {
    const module = this.heap.pointer(namespace, 8 * this.#fields.object.header)
    const cell = module === undefined ? undefined : exportedCell(this.heap, module, name)
    return cell === undefined ? undefined : this.#constant(cell, false)
  }

  /** A constructor's prototype, which stands in the map of its instances once it has made some. */
  #prototypeOf(closure: number): Property | undefined {
    const at = this.heap.layout.constant('class_JSFunction__prototype_or_initial_map__')
    const held = at === undefined ? undefined : this.heap.pointer(closure, at)
    const object = this.heap.is(held, 'MAP') ? this.heap.pointer(held!, 8 * this.#fields.map.prototype) : held
    const value = this.value(object)
    return value?.kind === 'object' ? { kind: 'value', value } : { kind: 'unreadable' }
  }

  /** The same, or what its prototypes have. */
  property(object: number, name: string): Property | undefined {
    let at: number | undefined = object
    for (let step = 0; at !== undefined && step < LONGEST_CHAIN; step++) {
      if (this.sort(at) === 'proxy') return undefined
      const found = this.own(at, name)
      if (found !== undefined || name.startsWith('#')) return found
      at = this.prototype(at)
    }
    return undefined
  }

  /** All own properties, elements first. */
  members(object: number): readonly (readonly [string, Property])[] {
    const found: [string, Property][] = []
    const length = Math.min(this.length(object) ?? 0, 1000)
    for (let index = 0; index < length; index++) {
      const value = this.element(object, index)
      if (value !== undefined) found.push([String(index), { kind: 'value', value }])
    }
    this.#visit(object, (key, property) => {
      found.push([key(), property() ?? { kind: 'unreadable' }])
      return false
    })
    return found
  }

  /** Of an array, how many elements it has. */
  length(object: number): number | undefined {
    if (this.sort(object) !== 'array') return undefined
    const length = this.heap.smi(object, 8 * this.#fields.array.length)
    return length === undefined || length < 0 || length > MOST ? undefined : length
  }

  element(object: number, index: number): Seen | undefined {
    const { heap } = this
    const elements = heap.pointer(object, 8 * this.#fields.object.elements)
    if (elements === undefined || !heap.is(elements, 'FIXED_ARRAY')) return undefined
    const capacity = heap.arrayLength(elements) ?? 0
    const length = this.length(object) ?? capacity
    return index < Math.min(length, capacity) ? this.at(heap.elementAt(elements, index)) : undefined
  }

  /** The entries of a Map, or of a Set, whose values stand for both; of a WeakMap in no order. */
  entries(object: number): readonly (readonly [Seen, Seen])[] | undefined {
    const sort = this.sort(object)
    const { heap } = this
    const table = heap.pointer(object, 8 * this.#fields.collection.table)
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
      const key = this.at(at)
      const value = sort === 'map' ? this.at(at + 8) : key
      if (key !== undefined && value !== undefined) found.push([key, value])
    }
    return found
  }

  /** EphemeronHashTable: three counts, then keys with their values. */
  #weakEntries(table: number): readonly (readonly [Seen, Seen])[] | undefined {
    const { heap } = this
    const capacity = heap.smiAt(heap.elementAt(table, 2))
    if (capacity === undefined || capacity <= 0 || capacity > MOST) return undefined
    const found: (readonly [Seen, Seen])[] = []
    for (let index = 0; index < capacity; index++) {
      const [key, value] = [0, 1].map(part => this.at(heap.elementAt(table, 3 + 2 * index + part)))
      if (key?.kind === 'object' && value !== undefined) found.push([key, value])
    }
    return found
  }

  /** The values of variables that a context and those around it hold, innermost first. */
  *variables(context: number | undefined): Generator<readonly [string, Seen | undefined]> {
    let at = context
    for (let step = 0; at !== undefined && step < DEEPEST; step++) {
      const names = this.#scopes.names(at)
      const first = at - 1 + 8 * this.#fields.context.first
      for (const [index, name] of names.entries())
        if (name !== '') yield [name, this.variable(first + 8 * index)]
      at = this.outer(at)
    }
  }

  /** What surrounds a context. */
  outer(context: number): number | undefined {
    const previous = this.heap.pointer(context, 8 * this.#fields.context.previous)
    return this.#scopes.isContext(previous) ? previous : undefined
  }

  /** A variable by its name, in a context or those around it but for `until` and what is outside of that; `missing` where there is none. */
  named(context: number | undefined, name: string, until?: number): Seen | undefined | 'missing' {
    let at = context
    for (let step = 0; at !== undefined && at !== until && step < DEEPEST; step++) {
      const index = this.#scopes.names(at).indexOf(name)
      if (index >= 0) return this.variable(at - 1 + 8 * (this.#fields.context.first + index))
      const cell = moduleVariable(this.heap, at, name, this.#fields.context.first)
      if (cell !== undefined) return this.at(cell)
      at = this.outer(at)
    }
    return 'missing'
  }

  /** A slot of a context, whose value may stand in a cell of its own since 14.x. */
  variable(slot: number): Seen | undefined {
    const word = this.heap.memory.word(slot)
    const { types } = this.heap.layout
    const cells = [types.get('CONTEXT_CELL'), types.get('CONTEXT_SIDE_PROPERTY_CELL')]
    const type = this.heap.typeOf(word)
    return word !== undefined && type !== undefined && cells.includes(type)
      ? this.at(word - 1 + 8 * this.#fields.cell.value)
      : this.at(slot)
  }

  /** A property of the global object that a context belongs to. */
  global(context: number, name: string): Property | undefined {
    let native: number = context
    for (let step = 0; step < DEEPEST; step++) {
      const next = this.outer(native)
      if (next === undefined) break
      native = next
    }
    // The native context, around all others, has the global object where others have their extension.
    const object = this.heap.memory.word(native - 1 + 8 * this.#fields.context.first)
    return this.value(object)?.kind === 'object' ? this.property(object!, name) : undefined
  }

  /** V8's description (SharedFunctionInfo) of a function. */
  shared(closure: number): number | undefined {
    const shared = this.heap.pointer(closure, this.heap.layout.field.functionShared)
    return this.heap.is(shared, 'SHARED_FUNCTION_INFO') ? shared : undefined
  }

  /** The context that a function closes over. */
  context(closure: number): number | undefined {
    return this.heap.pointer(closure, 8 * this.#fields.function.context)
  }

  /** The script of a function and its place in there; undefined for builtins. */
  code(closure: number): { readonly script: Script; readonly range: Range | undefined } | undefined {
    const shared = this.shared(closure)
    const object = shared === undefined ? undefined : scriptOf(this.heap, shared)
    if (shared === undefined || object === undefined) return undefined
    let script = this.#scripts.get(object)
    if (script === undefined) {
      script = new Script(this.heap, object)
      this.#scripts.set(object, script)
    }
    return { script, range: functionRange(this.heap, shared) }
  }

  /** Of a bound function. */
  bound(
    object: number,
  ): { readonly target: Seen; readonly receiver: Seen; readonly arguments: readonly Seen[] } | undefined {
    const { target, this: bound, arguments: given } = this.#fields.bound
    const [to, receiver] = [target, bound].map(field => this.at(object - 1 + 8 * field))
    const list = this.heap.pointer(object, 8 * given)
    const length = this.heap.arrayLength(list) ?? 0
    const values = Array.from({ length }, (_, index) => this.at(this.heap.elementAt(list!, index)))
    return to === undefined || receiver === undefined || values.includes(undefined)
      ? undefined
      : { target: to, receiver, arguments: values as Seen[] }
  }

  /** The memory that a typed array shows. */
  view(object: number): View | undefined {
    const { heap } = this
    if (this.sort(object) !== 'typed array') return undefined
    const { constant } = heap.layout
    const offsets = ['external_pointer', 'base_pointer'].map(name =>
      constant(`class_JSTypedArray__${name}__`),
    )
    const lengthAt = constant('class_JSArrayBufferView__byte_length__')
    const [external, base] = offsets
    const type = this.className(object)
    const bytes = elementBytes[type]
    if (external === undefined || base === undefined || lengthAt === undefined || bytes === undefined)
      return undefined
    // Memory that threads share lies outside of V8's heap.
    const address = heap.memory.word(object - 1 + external)
    const length = heap.memory.word(object - 1 + lengthAt)
    const buffer = [24, 32]
      .map(at => heap.pointer(object, at))
      .find(one => one !== undefined && this.sort(one) === 'array buffer')
    if (heap.smi(object, base) !== 0 || address === undefined || buffer === undefined) return undefined
    if (length === undefined || length > LARGEST_BUFFER) return undefined
    return { type, elementBytes: bytes, address, length: Math.floor(length / bytes), buffer }
  }

  /** Of an array buffer; of memory of WebAssembly that is in none, what is known of it already. */
  bufferOf(buffer: View['buffer']): Buffer | undefined {
    return typeof buffer === 'number' ? this.buffer(buffer) : buffer
  }

  buffer(object: number): Buffer | undefined {
    const { heap } = this
    const { constant } = heap.layout
    const storeAt = constant('class_JSArrayBuffer__backing_store__')
    const lengthAt = constant('class_JSArrayBuffer__byte_length__')
    if (this.sort(object) !== 'array buffer' || storeAt === undefined || lengthAt === undefined)
      return undefined
    const address = heap.memory.word(object - 1 + storeAt)
    const bytes = heap.memory.word(object - 1 + lengthAt)
    const bits = heap.memory.uint32(object - 1 + storeAt + 16)
    if (address === undefined || bytes === undefined || bits === undefined) return undefined
    return {
      address,
      bytes,
      shared: (bits & 16) !== 0,
      id: this.#backingStore(object, storeAt, address, bytes),
    }
  }

  /**
   * The number of a BackingStore (src/objects/backing-store.h), to which the buffer's extension refers: believed where the store has the very
   * address and length that the buffer has. Measured on 10.2 to 14.6: start, length, greatest length, capacity, number.
   */
  #backingStore(object: number, storeAt: number, address: number, bytes: number): number | undefined {
    const { memory } = this.heap
    const extension = memory.word(object - 1 + storeAt + 8)
    if (extension === undefined || extension % 8 !== 0) return undefined
    for (const at of [0, 8]) {
      const store = memory.word(extension + at)
      if (store === undefined || store % 8 !== 0 || address === 0) continue
      if (memory.word(store) === address && memory.word(store + 8) === bytes) return memory.uint32(store + 32)
    }
    return undefined
  }

  #visit(object: number, visit: (key: () => string, property: () => Property | undefined) => boolean): void {
    const { heap } = this
    const fields = this.#fields
    const map = heap.pointer(object, 0)
    const bits = map === undefined ? undefined : heap.uint32(map, fields.map.bits)
    if (map === undefined || bits === undefined) return
    const store = heap.pointer(object, 8 * fields.object.properties)
    if ((bits >>> fields.map.isDictionaryShift) & 1) {
      if (store !== undefined) this.#visitDictionary(store, visit)
      return
    }
    const descriptors = heap.pointer(map, 8 * fields.map.descriptors)
    const head = heap.memory.bytes(map - 1 + fields.map.instanceSize, 2)
    if (descriptors === undefined || head === undefined) return
    const { header, key, details, value, kindMask, locationMask, indexMask, indexShift } = fields.descriptors
    const own = (bits >>> fields.map.ownDescriptorsShift) & 1023
    const start = head[1]!
    const inObject = head[0]! - start
    for (let index = 0; index < own; index++) {
      const entry = descriptors - 1 + 8 * (header + 3 * index)
      const detail = heap.smiAt(entry + 8 * details)
      if (detail === undefined) continue
      const name = () => this.#name(heap.memory.word(entry + 8 * key))
      const read = (): Property | undefined => {
        if (detail & locationMask) return this.#constant(entry + 8 * value, (detail & kindMask) !== 0)
        const field = (detail & indexMask) >>> indexShift
        const slot =
          field < inObject
            ? object - 1 + 8 * (start + field)
            : store === undefined
              ? undefined
              : store - 1 + 8 * (2 + field - inObject)
        const seen = slot === undefined ? undefined : this.at(slot)
        return seen && { kind: 'value', value: seen }
      }
      if (visit(name, read)) return
    }
  }

  #constant(slot: number, isAccessor: boolean): Property | undefined {
    if (!isAccessor) {
      const value = this.at(slot)
      return value && { kind: 'value', value }
    }
    const pair = this.heap.memory.word(slot)
    const isPair = this.heap.typeOf(pair) === this.heap.layout.types.get('ACCESSOR_PAIR')
    const getter = isPair ? this.heap.pointer(pair!, 8 * this.#fields.accessorPair.getter) : undefined
    return { kind: 'accessor', getter: this.heap.isFunction(getter) ? getter : undefined }
  }

  #visitDictionary(
    store: number,
    visit: (key: () => string, property: () => Property | undefined) => boolean,
  ): void {
    const { heap } = this
    const { nameDictionary, globalDictionary, propertyCell, descriptors } = this.#fields
    const cell = heap.layout.types.get('PROPERTY_CELL')
    const length = heap.smi(store, heap.layout.field.arrayLength) ?? 0
    if (length <= 0 || length > 2 ** 18) return
    const slot = (index: number) => heap.elementAt(store, index)
    const isGlobal = () => {
      for (let at = nameDictionary.prefix; at < length; at++) {
        const type = heap.typeOf(heap.memory.word(slot(at)))
        if (type === cell) return true
        if (type !== undefined && type < heap.layout.string.firstNonString) return false
      }
      return false
    }
    // A global object's entries are cells, one word each.
    const cells = isGlobal()
    const step = cells ? globalDictionary.entry : nameDictionary.entry
    for (let at = nameDictionary.prefix; at + step <= length; at += step) {
      const key = heap.memory.word(slot(at))
      const type = heap.typeOf(key)
      if (key === undefined || type === undefined) continue
      if (cells) {
        if (type !== cell) continue
        const read = () =>
          this.#constant(
            key - 1 + 8 * propertyCell.value,
            this.#isAccessorPair(key - 1 + 8 * propertyCell.value),
          )
        if (visit(() => this.#name(heap.pointer(key, 8 * propertyCell.name)), read)) return
        continue
      }
      if (type >= heap.layout.string.firstNonString && type !== heap.layout.types.get('SYMBOL')) continue
      const detail = heap.smiAt(slot(at + 2)) ?? 0
      if (
        visit(
          () => this.#name(key),
          () => this.#constant(slot(at + 1), (detail & descriptors.kindMask) !== 0),
        )
      )
        return
    }
  }

  #isAccessorPair(slot: number): boolean {
    return this.heap.typeOf(this.heap.memory.word(slot)) === this.heap.layout.types.get('ACCESSOR_PAIR')
  }

  /** Symbols as `Symbol(description)`, private names as they are written. */
  #name(key: number | undefined): string {
    if (this.heap.isString(key)) return this.heap.text(key) ?? ''
    if (key === undefined || this.heap.typeOf(key) !== this.heap.layout.types.get('SYMBOL')) return ''
    const description = this.heap.text(this.heap.pointer(key, 8 * this.#fields.symbol.name)) ?? ''
    return description.startsWith('#') ? description : `Symbol(${description})`
  }
}
