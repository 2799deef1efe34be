/** To whom an object refers, and what each reference is called. What V8 keeps apart but belongs to one object is told as that object's. */
import type { HeapEdge } from '../graph.ts'
import { visitElements, visitTable } from './collection-edges.ts'
import { visitModule } from './module-edges.ts'
import type { Objects } from './objects.ts'
import { visitProperties } from './properties.ts'
import { contextHeader, type ScopeNames } from './scope-names.ts'
import { isObjectShape, shape } from './shapes.ts'

type EdgeKind = HeapEdge['kind']

/** Is given a word that holds a reference; `name` is worked out when it is called. Returning true ends the visit. */
export type EdgeVisitor = (kind: EdgeKind, slot: number, name: () => string) => boolean | undefined

export class Edges {
  readonly #objects: Objects
  readonly #scopes: ScopeNames
  readonly #accessorPair: number
  readonly #weak: ReadonlySet<number>

  constructor(objects: Objects, scopes: ScopeNames) {
    const { types } = objects.layout
    this.#objects = objects
    this.#scopes = scopes
    this.#accessorPair = types.get('ACCESSOR_PAIR') ?? -1
    this.#weak = new Set(
      ['JS_WEAK_MAP', 'JS_WEAK_SET', 'JS_WEAK_REF', 'JS_FINALIZATION_REGISTRY'].map(
        name => types.get(name) ?? -1,
      ),
    )
  }

  /** True when the visitor ended it. */
  visit(object: number, visitor: EdgeVisitor): boolean {
    const { fields } = this.#objects
    const code = this.#objects.shape(object)
    if (isObjectShape(code)) return this.#visitObject(object, code, visitor)
    const internal = (slots: Readonly<Record<string, number>>) =>
      Object.entries(slots).some(([name, at]) => visitor('internal', object + at, () => name))
    switch (code) {
      case shape.context:
        return this.#visitContext(object, visitor)
      case shape.reaction:
        return internal(fields.reaction)
      case shape.capability:
        return internal(fields.capability)
      case shape.cell:
        return internal(fields.cell)
      case shape.propertyCell:
        return internal({ value: fields.propertyCell.value })
      case shape.fixedArray:
        return this.#visitWords(object + 2, this.#objects.length(object), visitor, 'internal')
      case shape.arrayList:
        return this.#visitWords(object + 3, this.#objects.size(object) - 3, visitor, 'internal')
      case shape.module:
        return visitModule(this.#objects, object, visitor)
      case shape.job:
        return this.#visitWords(object + 1, this.#objects.size(object) - 1, visitor, 'internal')
      case shape.fixed: {
        const type = this.#objects.type(object)
        if (type === this.#accessorPair) return internal(fields.accessorPair)
        return this.#objects.isRequest(object) && internal(fields.request)
      }
      default:
        return false
    }
  }

  /** What an object calls the reference in a word of its own or of its storage; undefined when it has none there. */
  at(object: number, slot: number): { readonly kind: EdgeKind; readonly name: string } | undefined {
    const objects = this.#objects
    if (objects.isJavaScript(object)) {
      const elements = objects.target(object + objects.fields.object.elements)
      if (objects.type(elements) === objects.layout.type.FIXED_ARRAY && this.#isIn(slot, elements))
        return { kind: 'element', name: String(slot - elements - 2) }
    }
    let found: { readonly kind: EdgeKind; readonly name: string } | undefined
    this.visit(object, (kind, at, name) => {
      if (at === slot) found = { kind, name: name() }
      return at === slot
    })
    return found
  }

  /** Where an element of an array stands; 0 when it has none of this index, or keeps its elements in another way. */
  element(object: number, index: number): number {
    const objects = this.#objects
    const elements = objects.isJavaScript(object)
      ? objects.target(object + objects.fields.object.elements)
      : 0
    const isPlain = objects.type(elements) === objects.layout.type.FIXED_ARRAY
    return isPlain && index < objects.length(elements) ? elements + 2 + index : 0
  }

  #isIn(slot: number, array: number): boolean {
    return slot >= array + 2 && slot < array + 2 + this.#objects.length(array)
  }

  #visitObject(object: number, code: number, visitor: EdgeVisitor): boolean {
    const objects = this.#objects
    const { fields } = objects
    const own = (slots: Readonly<Record<string, number>>) =>
      Object.entries(slots).some(([name, at]) => visitor('internal', object + at, () => name))
    const type = objects.type(object)
    // A proxy has no properties of its own, and a module's namespace has those of the module.
    if (type === objects.layout.types.get('JS_PROXY')) return own(fields.proxy)
    if (this.#weak.has(type)) return visitProperties(objects, object, property(visitor))
    const ended =
      visitProperties(objects, object, property(visitor)) ||
      visitElements(objects, objects.target(object + fields.object.elements), visitor)
    if (ended) return true
    switch (code) {
      case shape.function:
        return this.#visitFunction(object, visitor)
      case shape.boundFunction:
        return (
          own({ bound: fields.bound.target, this: fields.bound.this }) ||
          this.#visitWords(...this.#contents(object + fields.bound.arguments), visitor, 'argument')
        )
      case shape.promise:
        return own({
          [objects.shape(objects.target(object + 3)) === shape.reaction ? 'reaction' : 'result']: 3,
        })
      case shape.asyncFunction:
      case shape.asyncGenerator:
      case shape.generator: {
        const { function: called, context, receiver, registers, promise } = fields.generator
        const last: Record<string, number> =
          code === shape.asyncFunction
            ? { promise }
            : code === shape.asyncGenerator
              ? { request: promise }
              : {}
        return (
          own({ function: called, context, receiver, ...last }) ||
          this.#visitWords(...this.#contents(object + registers), visitor, 'register')
        )
      }
      case shape.mapObject:
        return visitTable(objects, objects.target(object + fields.collection.table), 3, visitor)
      case shape.setObject:
        return visitTable(objects, objects.target(object + fields.collection.table), 2, visitor)
      case shape.array:
        return false
      default:
        return this.#visitHeader(object, visitor)
    }
  }

  #visitFunction(object: number, visitor: EdgeVisitor): boolean {
    const { fields } = this.#objects
    if (visitor('internal', object + fields.function.context, () => 'context')) return true
    // A constructor's prototype stands in the map of its instances, once it has made some.
    for (let at = object + fields.function.context + 1; at < object + this.#objects.size(object); at++) {
      const target = this.#objects.target(at)
      if (this.#objects.shape(target) === shape.map) {
        const slot = target + fields.map.prototype
        if (this.#objects.isJavaScript(this.#objects.target(slot)))
          return visitor('property', slot, () => 'prototype') === true
      }
    }
    return false
  }

  /** What objects of V8's own kinds hold before their properties: the buffer of a typed array, what an iterator runs over. */
  #visitHeader(object: number, visitor: EdgeVisitor): boolean {
    const { arena, fields } = this.#objects
    const start = arena.bytes[this.#objects.map(object) * 8 + fields.map.inObjectStart]!
    const end = Math.min(object + start, object + this.#objects.size(object))
    return this.#visitWords(
      object + fields.object.header,
      end - object - fields.object.header,
      visitor,
      'internal',
    )
  }

  #visitContext(object: number, visitor: EdgeVisitor): boolean {
    const objects = this.#objects
    const { first, previous, length } = objects.fields.context
    if (visitor('internal', object + previous, () => 'previous')) return true
    const count = Math.min(objects.smi(object + length) ?? 0, objects.length(object)) - contextHeader
    const names = this.#scopes.of(object)
    for (let index = 0; index < count; index++) {
      const name = names[index] ?? ''
      const slot = this.variableSlot(object + first + index)
      const ended =
        name === ''
          ? visitor('internal', slot, () => this.#unnamed(slot, index))
          : visitor('variable', slot, () => name)
      if (ended) return true
    }
    return false
  }

  /** Slots that are V8's own: the promise of resolving functions, the suspended function of those that go on with it. */
  #unnamed(slot: number, index: number): string {
    const code = this.#objects.shape(this.#objects.target(slot))
    if (code === shape.promise) return 'promise'
    if (code === shape.capability) return 'capability'
    return index === 0 ? 'extension' : String(index)
  }

  /** Where the value of a context's slot stands: since 14.x often in a cell of its own. */
  variableSlot(slot: number): number {
    const cell = this.#objects.target(slot)
    return this.#objects.shape(cell) === shape.cell ? cell + this.#objects.fields.cell.value : slot
  }

  #contents(slot: number): readonly [number, number] {
    const array = this.#objects.target(slot)
    return this.#objects.shape(array) === shape.fixedArray ? [array + 2, this.#objects.length(array)] : [0, 0]
  }

  /** `kind`: `internal` for numbered words, or the name of all of them. */
  #visitWords(first: number, count: number, visitor: EdgeVisitor, name: string): boolean {
    for (let index = 0; index < count; index++)
      if (
        this.#objects.target(first + index) !== 0 &&
        visitor('internal', first + index, () => (name === 'internal' ? String(index) : name))
      )
        return true
    return false
  }
}

function property(visitor: EdgeVisitor): (slot: number, name: () => string) => boolean | undefined {
  return (slot, name) => visitor('property', slot, name)
}
