/** The properties of JavaScript objects: by the descriptors of their map, or in a dictionary (src/objects/js-objects.h). */
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

/** Is given where the value stands; `name` is worked out when it is called. Returning true ends the visit. */
export type Visitor = (slot: number, name: () => string) => boolean | undefined

/** All own properties but elements. An accessor's two functions come as `get x` and `set x`. True when the visitor ended it. */
export function visitProperties(objects: Objects, object: number, visit: Visitor): boolean {
  const { fields, arena } = objects
  const map = objects.map(object)
  const store = objects.target(object + fields.object.properties)
  const bits = arena.bytes.readUInt32LE(map * 8 + fields.map.bits)
  if ((bits >>> fields.map.isDictionaryShift) & 1) return visitDictionary(objects, store, visit)
  const descriptors = objects.target(map + fields.map.descriptors)
  if (objects.shape(descriptors) !== shape.descriptors) return false
  const { header, key, details, value, kindMask, locationMask, indexMask, indexShift } = fields.descriptors
  const own = (bits >>> fields.map.ownDescriptorsShift) & 1023
  const count = Math.min(own, Math.floor((objects.size(descriptors) - header) / 3))
  const start = arena.bytes[map * 8 + fields.map.inObjectStart]!
  const inObject = arena.bytes[map * 8 + fields.map.instanceSize]! - start
  for (let index = 0; index < count; index++) {
    const entry = descriptors + header + 3 * index
    const detail = objects.smi(entry + details)
    if (detail === undefined) continue
    const name = () => propertyName(objects, objects.target(entry + key))
    if (detail & locationMask) {
      if (visitConstant(objects, entry + value, (detail & kindMask) !== 0, name, visit)) return true
      continue
    }
    const field = (detail & indexMask) >>> indexShift
    const slot =
      field < inObject
        ? object + start + field
        : field - inObject < objects.size(store) - 2 && objects.shape(store) === shape.propertyArray
          ? store + 2 + field - inObject
          : 0
    if (slot !== 0 && visit(slot, name)) return true
  }
  return false
}

/** What is the same for all objects of a map stands with its name. */
function visitConstant(
  objects: Objects,
  slot: number,
  isAccessor: boolean,
  name: () => string,
  visit: Visitor,
): boolean {
  if (!isAccessor) return visit(slot, name) === true
  const pair = objects.target(slot)
  if (objects.type(pair) !== objects.layout.types.get('ACCESSOR_PAIR')) return false
  const { getter, setter } = objects.fields.accessorPair
  return (
    visit(pair + getter, () => `get ${name()}`) === true ||
    visit(pair + setter, () => `set ${name()}`) === true
  )
}

function visitDictionary(objects: Objects, store: number, visit: Visitor): boolean {
  if (objects.shape(store) !== shape.fixedArray) return false
  const { nameDictionary, globalDictionary, propertyCell } = objects.fields
  const { details } = { details: 2 }
  const length = objects.length(store)
  const first = store + 2
  // A global object's entries are cells, one word each.
  const isGlobal = isCellDictionary(objects, store, length)
  const step = isGlobal ? globalDictionary.entry : nameDictionary.entry
  for (let at = nameDictionary.prefix; at + step <= length; at += step) {
    const key = objects.target(first + at)
    if (isGlobal) {
      if (objects.shape(key) !== shape.propertyCell) continue
      const name = () => propertyName(objects, objects.target(key + propertyCell.name))
      if (visit(key + propertyCell.value, name)) return true
      continue
    }
    if (!objects.isText(key) && !objects.isSymbol(key)) continue
    const name = () => propertyName(objects, key)
    const isAccessor = ((objects.smi(first + at + details) ?? 0) & objects.fields.descriptors.kindMask) !== 0
    if (visitConstant(objects, first + at + 1, isAccessor, name, visit)) return true
  }
  return false
}

function isCellDictionary(objects: Objects, store: number, length: number): boolean {
  const { nameDictionary } = objects.fields
  for (let at = nameDictionary.prefix; at < length; at++) {
    const code = objects.shape(objects.target(store + 2 + at))
    if (code === shape.propertyCell) return true
    if (objects.isText(objects.target(store + 2 + at))) return false
  }
  return false
}

/** Symbols as `Symbol(description)`, private names (`#queue`) as they are written. */
export function propertyName(objects: Objects, key: number): string {
  if (!objects.isSymbol(key)) return objects.text(key) ?? ''
  const description = objects.text(objects.target(key + objects.fields.symbol.name)) ?? ''
  return description.startsWith('#') ? description : `Symbol(${description})`
}
