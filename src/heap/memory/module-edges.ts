/** What a module refers to (SourceTextModule). */
import type { EdgeVisitor } from './edges.ts'
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

const moduleParts: ReadonlyMap<number, string> = new Map([
  [shape.promise, 'promise'],
  [shape.function, 'function'],
  [shape.generator, 'activation'],
  [shape.asyncFunction, 'activation'],
  [shape.module, 'module'],
])

/** Its exports (names with cells, in a hash table), the promise of its evaluation, its code while that is suspended, what it imports. */
export function visitModule(objects: Objects, object: number, visitor: EdgeVisitor): boolean {
  const exports = objects.target(object + objects.fields.module.exports)
  for (let at = exports + 2 + 3; at + 1 < exports + 2 + objects.length(exports); at++) {
    const cell = objects.target(at + 1)
    const key = objects.target(at)
    if (objects.shape(cell) !== shape.cell || !objects.isText(key)) continue
    if (visitor('variable', cell + objects.fields.cell.value, () => objects.text(key) ?? '')) return true
  }
  for (let at = object + objects.fields.module.exports + 1; at < object + objects.size(object); at++) {
    const target = objects.target(at)
    const code = objects.shape(target)
    const name = moduleParts.get(code)
    if (name !== undefined && visitor('internal', at, () => name)) return true
    if (code !== shape.fixedArray) continue
    for (let index = 0; index < objects.length(target); index++) {
      const slot = target + 2 + index
      if (objects.shape(objects.target(slot)) === shape.module && visitor('internal', slot, () => 'import'))
        return true
    }
  }
  return false
}
