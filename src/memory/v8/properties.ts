/** The own properties of objects, however V8 keeps them: in fields that a map describes, or in a dictionary. */
import type { Property, SeenValues } from './seen-values.ts'

/** Is told of a property; true ends the visit. */
export type Visit = (key: () => string, property: () => Property | undefined) => boolean

export class Properties {
  readonly #values: SeenValues

  constructor(values: SeenValues) {
    this.#values = values
  }

  visit(object: number, visit: Visit): void {
    const { heap, fields } = this.#values
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
        if (detail & locationMask) return this.constant(entry + 8 * value, (detail & kindMask) !== 0)
        const field = (detail & indexMask) >>> indexShift
        const slot =
          field < inObject
            ? object - 1 + 8 * (start + field)
            : store === undefined
              ? undefined
              : store - 1 + 8 * (2 + field - inObject)
        const seen = slot === undefined ? undefined : this.#values.at(slot)
        return seen && { kind: 'value', value: seen }
      }
      if (visit(name, read)) return
    }
  }

  /** What stands in a slot, which may be a pair of accessors. */
  constant(slot: number, isAccessor: boolean): Property | undefined {
    if (!isAccessor) {
      const value = this.#values.at(slot)
      return value && { kind: 'value', value }
    }
    const pair = this.#values.heap.memory.word(slot)
    const isPair = this.#values.heap.typeOf(pair) === this.#values.heap.layout.types.get('ACCESSOR_PAIR')
    const getter = isPair
      ? this.#values.heap.pointer(pair!, 8 * this.#values.fields.accessorPair.getter)
      : undefined
    return { kind: 'accessor', getter: this.#values.heap.isFunction(getter) ? getter : undefined }
  }

  #visitDictionary(store: number, visit: Visit): void {
    const { heap, fields } = this.#values
    const { nameDictionary, globalDictionary, propertyCell, descriptors } = fields
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
          this.constant(
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
          () => this.constant(slot(at + 1), (detail & descriptors.kindMask) !== 0),
        )
      )
        return
    }
  }

  #isAccessorPair(slot: number): boolean {
    return (
      this.#values.heap.typeOf(this.#values.heap.memory.word(slot)) ===
      this.#values.heap.layout.types.get('ACCESSOR_PAIR')
    )
  }

  /** Symbols as `Symbol(description)`, private names as they are written. */
  #name(key: number | undefined): string {
    if (this.#values.heap.isString(key)) return this.#values.heap.text(key) ?? ''
    if (key === undefined || this.#values.heap.typeOf(key) !== this.#values.heap.layout.types.get('SYMBOL'))
      return ''
    const description =
      this.#values.heap.text(this.#values.heap.pointer(key, 8 * this.#values.fields.symbol.name)) ?? ''
    return description.startsWith('#') ? description : `Symbol(${description})`
  }
}
