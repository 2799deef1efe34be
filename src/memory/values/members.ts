/** What objects have by a name, and what the language's own functions give, as far as neither changes anything. */
import type { Objects, View } from '../v8/objects.ts'
import { isSame, nothing, ofPrimitive, primitive, type Runtime, Unreadable } from './runtime.ts'

/** Calls a function of the program, or one written in the expression. */
export type Call = (callee: Runtime, receiver: Runtime, given: readonly Runtime[]) => Runtime

export class Members {
  readonly #objects: Objects
  readonly #call: Call

  constructor(objects: Objects, call: Call) {
    this.#objects = objects
    this.#call = call
  }

  get(of: Runtime, name: string): Runtime {
    switch (of.kind) {
      case 'object':
        return this.#ofObject(of.at, name, of)
      case 'view':
        return this.#ofView(of.view, name) ?? { kind: 'builtin', path: `%TypedArray%.${name}` }
      case 'list':
        if (name === 'length') return ofPrimitive(of.items.length)
        return /^\d+$/.test(name)
          ? (of.items[Number(name)] ?? nothing)
          : { kind: 'builtin', path: `Array.${name}` }
      case 'memory':
        if (name === 'buffer') return of
        throw new Unreadable('cannot be read here', name)
      case 'string':
        if (name === 'length') return ofPrimitive(of.value.length)
        return /^\d+$/.test(name)
          ? ofPrimitive(of.value[Number(name)])
          : { kind: 'builtin', path: `String.${name}` }
      case 'builtin':
        return { kind: 'builtin', path: `${of.path}.${name}` }
      case 'undefined':
      case 'null':
        throw new Unreadable('cannot be read here', `a property of ${of.kind}`)
      default:
        throw new Unreadable('cannot be read here', `a property of a ${of.kind}`)
    }
  }

  #ofObject(object: number, name: string, receiver: Runtime): Runtime {
    const objects = this.#objects
    const sort = objects.sort(object)
    if (sort === 'proxy') throw new Unreadable('side effect', 'a proxy')
    if (sort === 'typed array') {
      const view = objects.view(object)
      if (view === undefined) throw new Unreadable('cannot be read here', 'a typed array of another form')
      const found = this.#ofView(view, name)
      if (found !== undefined) return found
    }
    if (sort === 'array' && name === 'length') return ofPrimitive(objects.length(object))
    if ((sort === 'map' || sort === 'set') && name === 'size')
      return ofPrimitive(objects.entries(object)?.length)
    const property = objects.property(object, name)
    if (property === undefined) return nothing
    if (property.kind === 'value') return property.value
    if (property.kind === 'unreadable') throw new Unreadable('cannot be read here', name)
    // What every function has from the beginning is told by V8 itself.
    if (property.getter === undefined && sort === 'function' && name === 'name')
      return ofPrimitive(objects.functionName(object))
    if (property.getter === undefined) throw new Unreadable('side effect', `the accessor ${name}`)
    return this.#call({ kind: 'object', at: property.getter }, receiver, [])
  }

  #ofView(view: View, name: string): Runtime | undefined {
    switch (name) {
      case 'length':
        return ofPrimitive(view.length)
      case 'BYTES_PER_ELEMENT':
        return ofPrimitive(view.elementBytes)
      case 'byteLength':
        return ofPrimitive(view.length * view.elementBytes)
      case 'buffer':
        return typeof view.buffer === 'number'
          ? { kind: 'object', at: view.buffer }
          : { kind: 'memory', buffer: view.buffer }
      case 'byteOffset': {
        const buffer = this.#objects.bufferOf(view.buffer)
        return buffer && ofPrimitive(view.address - buffer.address)
      }
      default:
        return /^\d+$/.test(name) ? this.elementOf(view, Number(name)) : undefined
    }
  }

  /** An element of a typed array, as it is now. */
  elementOf({ type, address, elementBytes, length }: View, index: number): Runtime {
    if (index >= length) return nothing
    const bytes = this.#objects.heap.memory.bytes(address + index * elementBytes, elementBytes)
    if (bytes === undefined) throw new Unreadable('cannot be read here', 'memory that is not mapped')
    switch (type) {
      case 'BigInt64Array':
        return { kind: 'bigint', value: bytes.readBigInt64LE(0) }
      case 'BigUint64Array':
        return { kind: 'bigint', value: bytes.readBigUInt64LE(0) }
      case 'Float64Array':
        return ofPrimitive(bytes.readDoubleLE(0))
      case 'Float32Array':
        return ofPrimitive(bytes.readFloatLE(0))
      default:
        return ofPrimitive(
          type.startsWith('U') ? bytes.readUIntLE(0, elementBytes) : bytes.readIntLE(0, elementBytes),
        )
    }
  }

  /** What can be run over: arrays, sets, maps, the expression's own lists. */
  items(of: Runtime): readonly Runtime[] {
    if (of.kind === 'list') return of.items
    if (of.kind === 'string') return [...of.value].map(ofPrimitive)
    if (of.kind === 'object') {
      const objects = this.#objects
      const length = objects.length(of.at)
      if (length !== undefined)
        return Array.from({ length }, (_, index) => objects.element(of.at, index) ?? nothing)
      const entries = objects.entries(of.at)
      const sort = objects.sort(of.at)
      if (entries !== undefined && sort === 'set') return entries.map(([value]) => value)
      if (entries !== undefined && sort === 'map') return entries.map(pair => ({ kind: 'list', items: pair }))
      if (sort === 'typed array') {
        const view = objects.view(of.at)
        if (view !== undefined && view.length <= 10_000)
          return Array.from({ length: view.length }, (_, index) => this.elementOf(view, index))
      }
    }
    throw new Unreadable('side effect', 'it is used up by reading')
  }

  /** A function of the language's own. `path`: from the global object, or the name of a method of the receiver. */
  builtin(path: string, receiver: Runtime, given: readonly Runtime[]): Runtime {
    const [first = nothing, second = nothing] = given
    const name = path.slice(path.lastIndexOf('.') + 1)
    switch (path) {
      case 'Object.getPrototypeOf': {
        const at = first.kind === 'object' ? this.#objects.prototype(first.at) : undefined
        return at === undefined ? { kind: 'null' } : { kind: 'object', at }
      }
      case 'Object.values':
        if (first.kind === 'list') return first
        break
      case 'Object.hasOwn':
        if (first.kind !== 'object') break
        return ofPrimitive(this.#objects.own(first.at, String(primitive(second))) !== undefined)
      case 'Math.max':
      case 'Math.min':
      case 'Math.floor':
      case 'Math.abs':
        return ofPrimitive(Math[name as 'max'](...given.map(one => Number(primitive(one)))))
      case 'Number':
        return ofPrimitive(Number(primitive(first)))
      case 'String':
        return ofPrimitive(String(primitive(first)))
      case 'Array.isArray':
        return ofPrimitive(
          first.kind === 'list' || (first.kind === 'object' && this.#objects.sort(first.at) === 'array'),
        )
    }
    return this.#method(name, receiver, given)
  }

  #method(name: string, receiver: Runtime, given: readonly Runtime[]): Runtime {
    const [first = nothing] = given
    if (receiver.kind === 'object') {
      const sort = this.#objects.sort(receiver.at)
      if (sort === 'map' || sort === 'weak map' || sort === 'set')
        return this.#ofCollection(name, receiver.at, given)
    }
    switch (name) {
      case 'indexOf':
        return ofPrimitive(this.items(receiver).findIndex(one => isSame(one, first)))
      case 'includes':
        return ofPrimitive(this.items(receiver).some(one => isSame(one, first)))
      case 'at':
        return this.items(receiver).at(Number(primitive(first))) ?? nothing
      case 'slice':
        return {
          kind: 'list',
          items: this.items(receiver).slice(...given.map(one => Number(primitive(one)))),
        }
      case 'find':
        return this.items(receiver).find(one => truthy(this.#call(first, nothing, [one]))) ?? nothing
      case 'map':
        return {
          kind: 'list',
          items: this.items(receiver).map((one, index) =>
            this.#call(first, nothing, [one, ofPrimitive(index)]),
          ),
        }
      case 'filter':
        return {
          kind: 'list',
          items: this.items(receiver).filter(one => truthy(this.#call(first, nothing, [one]))),
        }
      default:
        throw new Unreadable('side effect', `a call of ${name}`)
    }
  }

  #ofCollection(name: string, object: number, [key = nothing]: readonly Runtime[]): Runtime {
    const entries = this.#objects.entries(object)
    if (entries === undefined) throw new Unreadable('cannot be read here', 'a collection of another form')
    const entry = entries.find(([one]) => isSame(one, key))
    switch (name) {
      case 'get':
        return entry?.[1] ?? nothing
      case 'has':
        return ofPrimitive(entry !== undefined)
      case 'values':
        return { kind: 'list', items: entries.map(([, value]) => value) }
      case 'keys':
        return { kind: 'list', items: entries.map(([one]) => one) }
      case 'entries':
        return { kind: 'list', items: entries.map(pair => ({ kind: 'list', items: pair })) }
      default:
        throw new Unreadable('side effect', `a call of ${name}`)
    }
  }
}

function truthy(value: Runtime): boolean {
  return value.kind !== 'undefined' && value.kind !== 'null' && (!('value' in value) || Boolean(value.value))
}
