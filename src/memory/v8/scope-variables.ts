/** The variables in a context, by the ScopeInfo of its scope (src/objects/scope-info.tq). */
import type { Heap } from './heap.ts'

/** From so many on the names stand in a table of their own. */
const INLINE_NAMES = 75
const MOST = 65536

/** Bits of a ScopeInfo's flags. */
const flag = {
  savedClassVariable: 1 << 10,
  functionVariable: 3 << 12,
  inferredName: 1 << 14,
  outerScopeInfo: 1 << 22,
  contextExtension: 1 << 26,
}

interface Scope {
  readonly flags: number
  /** How many variables it has in its context. */
  readonly count: number
  /** The word, counted from the object's beginning, at which their names begin. */
  readonly names: number
}

export class ScopeVariables {
  readonly #heap: Heap
  readonly #known = new Map<number, readonly string[]>()

  constructor(heap: Heap) {
    this.#heap = heap
  }

  /** By index of the slot after the context's `previous`: empty for those that hold no variable. */
  names(context: number): readonly string[] {
    const scope = scopeOf(this.#heap, context)
    if (scope === undefined) return []
    const known = this.#known.get(scope)
    if (known !== undefined) return known
    const names = this.#read(scope)
    this.#known.set(scope, names)
    return names
  }

  isContext(object: number | undefined): object is number {
    const { constants } = this.#heap.layout
    const type = this.#heap.typeOf(object)
    const [first, last] = [constants.get('FirstContextType'), constants.get('LastContextType')]
    return type !== undefined && first !== undefined && last !== undefined && type >= first && type <= last
  }

  #read(scope: number): readonly string[] {
    const heap = this.#heap
    const head = describe(heap, scope)
    if (head === undefined) return []
    const { flags, count, names } = head
    const before = flags & flag.contextExtension ? [''] : []
    if (count < INLINE_NAMES)
      return [
        ...before,
        ...Array.from(
          { length: count },
          (_, index) => heap.text(heap.pointer(scope, 8 * (names + index))) ?? '',
        ),
      ]
    // NameToIndexHashTable: pairs of a name and the index of its variable.
    const found: string[] = new Array(count).fill('')
    const table = heap.pointer(scope, 8 * names)
    const length = table === undefined ? undefined : heap.smi(table, heap.layout.field.arrayLength)
    if (table === undefined || length === undefined || length < 0 || length > 4 * MOST) return []
    for (let at = 3; at + 1 < length; at++) {
      const index = heap.smiAt(heap.elementAt(table, at + 1))
      const name = heap.text(heap.pointer(table, heap.layout.field.arrayData + 8 * at))
      if (name !== undefined && index !== undefined && index >= 0 && index < count) found[index] = name
    }
    return [...before, ...found]
  }
}

/**
 * Where the cell of a module's variable has its value: of one that is exported or imported, which no context holds. `first`: the word of
 * a context that its slots after `previous` begin at, where a module's context refers to its module.
 */
export function moduleVariable(heap: Heap, context: number, name: string, first: number): number | undefined {
  const module = heap.pointer(context, 8 * first)
  if (module === undefined || heap.typeOf(module) !== heap.layout.types.get('SOURCE_TEXT_MODULE'))
    return undefined
  const scope = scopeOf(heap, context)
  const index = scope === undefined ? undefined : cellIndex(heap, scope, name)
  if (index === undefined || index === 0) return undefined
  const lists = cellLists(heap, module)
  const cells = lists?.[index > 0 ? 0 : 1]
  const at = Math.abs(index) - 1
  if (cells === undefined || at >= (heap.arrayLength(cells) ?? 0)) return undefined
  const cell = heap.pointer(cells, heap.layout.field.arrayData + 8 * at)
  return heap.typeOf(cell) === heap.layout.types.get('CELL') ? cell! - 1 + 8 : undefined
}

/** A module's variables stand at the end of its ScopeInfo: name, number of the cell (from 1; imports from -1 down), properties. */
function cellIndex(heap: Heap, scope: number, name: string): number | undefined {
  const head = describe(heap, scope)
  if (head === undefined) return undefined
  const { flags, count, names } = head
  // Behind the names one word for each variable, then what the flags announce; how much that is differs, the form of the triples does not.
  let at = names + (count < INLINE_NAMES ? 2 * count : 1 + count)
  if (flags & flag.savedClassVariable) at += 1
  for (let start = at; start < at + 10; start++) {
    const first = triple(heap, scope, start)
    if (first === undefined) continue
    for (let next = start; ; next += 3) {
      const found = triple(heap, scope, next)
      if (found === undefined) return undefined
      if (found.name === name) return found.index
    }
  }
  return undefined
}

function triple(
  heap: Heap,
  scope: number,
  at: number,
): { readonly name: string; readonly index: number } | undefined {
  const name = heap.pointer(scope, 8 * at)
  const [index, properties] = [1, 2].map(part => heap.smi(scope, 8 * (at + part)))
  if (!heap.isString(name) || index === undefined || properties === undefined || index === 0) return undefined
  const text = heap.text(name)
  return text === undefined ? undefined : { name: text, index }
}

/** The cells of what a module exports, and of what it imports: they follow its code (src/objects/source-text-module.tq). */
function cellLists(heap: Heap, module: number): readonly [number, number] | undefined {
  const isCells = (array: number | undefined) => {
    const length = heap.arrayLength(array)
    if (array === undefined || length === undefined) return false
    const cell = heap.layout.types.get('CELL')
    for (let index = 0; index < Math.min(length, 64); index++) {
      const one = heap.memory.word(heap.elementAt(array, index))
      if (heap.typeOf(one) !== cell) return false
    }
    return true
  }
  for (let word = 4; word < 20; word++) {
    const [exports, imports] = [word, word + 1].map(at => heap.pointer(module, 8 * at))
    if (exports !== undefined && imports !== undefined && isCells(exports) && isCells(imports))
      return [exports, imports]
  }
  return undefined
}

function scopeOf(heap: Heap, context: number): number | undefined {
  const scope = heap.pointer(context, 16)
  return heap.is(scope, 'SCOPE_INFO') ? scope : undefined
}

function describe(heap: Heap, scope: number): Scope | undefined {
  const { layout } = heap
  // A small integer until 12.x, plain bits in later ones.
  const flags = layout.version < 1300 ? heap.smi(scope, 8) : heap.uint32(scope, 8)
  const count = heap.smi(scope, 24)
  if (flags === undefined || count === undefined || count < 0 || count > MOST) return undefined
  const start = 1 + layout.scopeInfoNames
  // A module's begins with how many variables it shares with others (since 12.x).
  const isShifted = heap.smi(scope, 8 * start) !== undefined && (count > 0 || isModule(flags))
  return { flags, count, names: isShifted ? start + 1 : start }
}

/** The lowest bits tell the sort of the scope (src/common/globals.h, ScopeType): 3 is a module's. */
function isModule(flags: number): boolean {
  return (flags & 15) === 3
}

/** Where the value of what a module exports by a name stands: its exports are a hash table of names with their cells. */
export function exportedCell(heap: Heap, module: number, name: string): number | undefined {
  const table = heap.pointer(module, 8)
  const length = table === undefined ? undefined : heap.smi(table, heap.layout.field.arrayLength)
  if (table === undefined || length === undefined || length < 0 || length > MOST) return undefined
  for (let at = 3; at + 1 < length; at++) {
    const cell = heap.pointer(table, heap.layout.field.arrayData + 8 * (at + 1))
    if (heap.typeOf(cell) !== heap.layout.types.get('CELL')) continue
    const key = heap.pointer(table, heap.layout.field.arrayData + 8 * at)
    if (heap.isString(key) && heap.text(key) === name) return cell! - 1 + 8
  }
  return undefined
}
