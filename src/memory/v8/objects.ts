/**
 * JavaScript objects read one by one, where something asks for them: properties, elements, variables of closures, the memory of
 * typed arrays. What cannot be read, or is not known, is undefined.
 */
import { ArrayMemory, type Buffer, type View } from './array-memory.ts'
import { Closures } from './closures.ts'
import { Collections } from './collections.ts'
import type { Heap } from './heap.ts'
import { Properties } from './properties.ts'
import { exportedCell } from './scope-variables.ts'
import { functionName, type Range, type Script } from './scripts.ts'
import { type ObjectSort, type Property, type Seen, SeenValues } from './seen-values.ts'

export type { Buffer, View } from './array-memory.ts'
export type { ObjectSort, Property, Seen } from './seen-values.ts'

const LONGEST_CHAIN = 64

export class Objects {
  readonly heap: Heap
  readonly #values: SeenValues
  readonly #properties: Properties
  readonly #collections: Collections
  readonly #closures: Closures
  readonly #memory: ArrayMemory
  readonly #classes = new Map<number, string>()

  constructor(heap: Heap) {
    this.heap = heap
    this.#values = new SeenValues(heap)
    this.#properties = new Properties(this.#values)
    this.#collections = new Collections(this.#values)
    this.#closures = new Closures(this.#values)
    this.#memory = new ArrayMemory(this.#values)
  }

  /** The value in a tagged slot; undefined for what is no value of the program, such as a hole. */
  at(address: number): Seen | undefined {
    return this.#values.at(address)
  }

  /** What a tagged pointer leads to. */
  value(word: number | undefined): Seen | undefined {
    return this.#values.value(word)
  }

  sort(object: number): ObjectSort {
    return this.#values.sort(object)
  }

  prototype(object: number): number | undefined {
    const map = this.heap.pointer(object, 0)
    const prototype =
      map === undefined ? undefined : this.heap.pointer(map, 8 * this.#values.fields.map.prototype)
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
    this.#properties.visit(object, (key, property) => {
      if (key() !== name) return false
      found = property() ?? { kind: 'unreadable' }
      return true
    })
    return found
  }

  /** What `import * as` gives: the cells of a module, by the names that it exports. */
  #exported(namespace: number, name: string): Property | undefined {
    const module = this.heap.pointer(namespace, 8 * this.#values.fields.object.header)
    const cell = module === undefined ? undefined : exportedCell(this.heap, module, name)
    return cell === undefined ? undefined : this.#properties.constant(cell, false)
  }

  /** A constructor's prototype, which stands in the map of its instances once it has made some. */
  #prototypeOf(closure: number): Property | undefined {
    const at = this.heap.layout.constant('class_JSFunction__prototype_or_initial_map__')
    const held = at === undefined ? undefined : this.heap.pointer(closure, at)
    const object = this.heap.is(held, 'MAP')
      ? this.heap.pointer(held!, 8 * this.#values.fields.map.prototype)
      : held
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
    this.#properties.visit(object, (key, property) => {
      found.push([key(), property() ?? { kind: 'unreadable' }])
      return false
    })
    return found
  }

  /** Of an array, how many elements it has. */
  length(object: number): number | undefined {
    return this.#collections.length(object)
  }

  element(object: number, index: number): Seen | undefined {
    return this.#collections.element(object, index)
  }

  /** The entries of a Map, or of a Set, whose values stand for both; of a WeakMap in no order. */
  entries(object: number): readonly (readonly [Seen, Seen])[] | undefined {
    return this.#collections.entries(object)
  }

  /** The values of variables that a context and those around it hold, innermost first. */
  variables(context: number | undefined): Iterable<readonly [string, Seen | undefined]> {
    return this.#closures.variables(context)
  }

  /** What surrounds a context. */
  outer(context: number): number | undefined {
    return this.#closures.outer(context)
  }

  /** A variable by its name, in a context or those around it but for `until` and what is outside of that; `missing` where there is none. */
  named(context: number | undefined, name: string, until?: number): Seen | undefined | 'missing' {
    return this.#closures.named(context, name, until)
  }

  /** A slot of a context. */
  variable(slot: number): Seen | undefined {
    return this.#closures.variable(slot)
  }

  /** A property of the global object that a context belongs to. */
  global(context: number, name: string): Property | undefined {
    const object = this.#closures.globalObject(context)
    return object === undefined ? undefined : this.property(object, name)
  }

  /** V8's description (SharedFunctionInfo) of a function. */
  shared(closure: number): number | undefined {
    return this.#closures.shared(closure)
  }

  /** The context that a function closes over. */
  context(closure: number): number | undefined {
    return this.#closures.context(closure)
  }

  /** The script of a function and its place in there; undefined for builtins. */
  code(closure: number): { readonly script: Script; readonly range: Range | undefined } | undefined {
    return this.#closures.code(closure)
  }

  /** Of a bound function. */
  bound(object: number): ReturnType<Closures['bound']> {
    return this.#closures.bound(object)
  }

  /** The memory that a typed array shows. */
  view(object: number): View | undefined {
    return this.sort(object) === 'typed array' ? this.#memory.view(object, this.className(object)) : undefined
  }

  /** Of an array buffer; of memory of WebAssembly that is in none, what is known of it already. */
  bufferOf(buffer: View['buffer']): Buffer | undefined {
    return typeof buffer === 'number' ? this.buffer(buffer) : buffer
  }

  /** The memory of an array buffer. */
  buffer(object: number): Buffer | undefined {
    return this.#memory.buffer(object)
  }
}
