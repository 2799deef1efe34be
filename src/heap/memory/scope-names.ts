/** The names of the variables in a context, from its function's ScopeInfo (src/objects/scope-info.tq). */
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

/** From so many on the names stand in a table of their own. */
const INLINE_NAMES = 75
/** Its slots before the variables: the description of the scope and the outer context, and one more where a flag says so. */
const HEADER = 2
const HAS_EXTENSION = 1 << 26
const FLAGS = 1

export class ScopeNames {
  readonly #objects: Objects
  readonly #known = new Map<number, readonly string[]>()

  constructor(objects: Objects) {
    this.#objects = objects
  }

  /** By index of the slot after `previous`: empty for those that hold no variable. */
  of(context: number): readonly string[] {
    const scope = this.#objects.target(context + this.#objects.fields.context.scopeInfo)
    const known = this.#known.get(scope)
    if (known !== undefined) return known
    const names = this.#read(scope)
    this.#known.set(scope, names)
    return names
  }

  #read(scope: number): readonly string[] {
    const objects = this.#objects
    const { layout, arena } = objects
    if (scope === 0 || objects.type(scope) !== layout.type.SCOPE_INFO) return []
    // A small integer until 12.x, plain bits in later ones.
    const flags = layout.version < 1300 ? objects.smi(scope + FLAGS) : arena.halves[2 * (scope + FLAGS)]
    const count = objects.smi(scope + FLAGS + 2)
    if (flags === undefined || count === undefined || count <= 0 || count > 65536) return []
    const start = scope + FLAGS + layout.scopeInfoNames
    // A module's begins with how many variables it shares with others (since 12.x).
    const first = objects.smi(start) === undefined ? start : start + 1
    const names = flags & HAS_EXTENSION ? [''] : []
    if (count < INLINE_NAMES) {
      for (let index = 0; index < count; index++)
        names.push(objects.text(objects.target(first + index)) ?? '')
      return names
    }
    return [...names, ...this.#fromTable(objects.target(first), count)]
  }

  /** NameToIndexHashTable: pairs of a name and the index of its variable. */
  #fromTable(table: number, count: number): readonly string[] {
    const objects = this.#objects
    if (objects.shape(table) !== shape.fixedArray) return []
    const names: string[] = new Array(count).fill('')
    for (let at = table + 2 + 3; at + 1 < table + 2 + objects.length(table); at++) {
      const index = objects.smi(at + 1)
      if (index === undefined || index < 0 || index >= count) continue
      const name = objects.text(objects.target(at))
      if (name !== undefined) names[index] = name
    }
    return names
  }
}

/** How many slots stand before the variables. */
export const contextHeader = HEADER
