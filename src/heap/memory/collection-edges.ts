/** What arrays, maps and sets hold. */
import type { EdgeVisitor } from './edges.ts'
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

/** The elements of an array or of any object: a list, or a dictionary. */
export function visitElements(objects: Objects, elements: number, visitor: EdgeVisitor): boolean {
  if (elements < objects.arena.writable || objects.shape(elements) !== shape.fixedArray) return false
  const type = objects.type(elements)
  if (type === objects.layout.type.FIXED_ARRAY) {
    const length = objects.length(elements)
    for (let index = 0; index < length; index++)
      if (
        objects.target(elements + 2 + index) !== 0 &&
        visitor('element', elements + 2 + index, () => String(index))
      )
        return true
    return false
  }
  // A dictionary of numbers, as sparse arrays have it.
  const { prefix, entry } = objects.fields.numberDictionary
  for (let at = prefix; at + entry <= objects.length(elements); at += entry) {
    const slot = elements + 2 + at
    const key = objects.number(slot)
    if (key !== undefined && visitor('element', slot + 1, () => String(key))) return true
  }
  return false
}

/** OrderedHashTable: counts of elements, of deleted ones, of buckets; the buckets; entries with the number of the next one. */
export function visitTable(objects: Objects, table: number, entry: number, visitor: EdgeVisitor): boolean {
  if (objects.shape(table) !== shape.fixedArray) return false
  const first = table + 2
  const [used, deleted, buckets] = [objects.smi(first), objects.smi(first + 1), objects.smi(first + 2)]
  if (used === undefined || deleted === undefined || buckets === undefined || buckets < 0) return false
  const end = first + objects.length(table)
  let at = first + 3 + buckets
  for (let count = 0; count < used + deleted && at + entry <= end; count++, at += entry) {
    if (objects.isHole(objects.target(at))) continue
    if (entry === 2) {
      if (visitor('entry', at, () => '')) return true
      continue
    }
    const key = at
    if (visitor('entry', at + 1, () => keyName(objects, key)) || visitor('entry', at, () => '(key)'))
      return true
  }
  return false
}

function keyName(objects: Objects, slot: number): string {
  const value = objects.value(slot)
  switch (value?.kind) {
    case 'text':
    case 'number':
    case 'boolean':
      return String(value.value)
    case 'undefined':
    case 'null':
      return value.kind
    default:
      return ''
  }
}
