/** What functions close over, and where their code is. */
import { moduleVariable, ScopeVariables } from './scope-variables.ts'
import { functionRange, type Range, Script, scriptOf } from './scripts.ts'
import type { Seen, SeenValues } from './seen-values.ts'

/** Scopes nest so deep at most. */
const DEEPEST = 1000

export class Closures {
  readonly #values: SeenValues
  readonly #scopes: ScopeVariables
  readonly #scripts = new Map<number, Script>()

  constructor(values: SeenValues) {
    this.#values = values
    this.#scopes = new ScopeVariables(values.heap)
  }

  /** The values of variables that a context and those around it hold, innermost first. */
  *variables(context: number | undefined): Generator<readonly [string, Seen | undefined]> {
    let at = context
    for (let step = 0; at !== undefined && step < DEEPEST; step++) {
      const names = this.#scopes.names(at)
      const first = at - 1 + 8 * this.#values.fields.context.first
      for (const [index, name] of names.entries())
        if (name !== '') yield [name, this.variable(first + 8 * index)]
      at = this.outer(at)
    }
  }

  /** What surrounds a context. */
  outer(context: number): number | undefined {
    const previous = this.#values.heap.pointer(context, 8 * this.#values.fields.context.previous)
    return this.#scopes.isContext(previous) ? previous : undefined
  }

  /** A variable by its name, in a context or those around it but for `until` and what is outside of that; `missing` where there is none. */
  named(context: number | undefined, name: string, until?: number): Seen | undefined | 'missing' {
    let at = context
    for (let step = 0; at !== undefined && at !== until && step < DEEPEST; step++) {
      const index = this.#scopes.names(at).indexOf(name)
      if (index >= 0) return this.variable(at - 1 + 8 * (this.#values.fields.context.first + index))
      const cell = moduleVariable(this.#values.heap, at, name, this.#values.fields.context.first)
      if (cell !== undefined) return this.#values.at(cell)
      at = this.outer(at)
    }
    return 'missing'
  }

  /** A slot of a context, whose value may stand in a cell of its own since 14.x. */
  variable(slot: number): Seen | undefined {
    const word = this.#values.heap.memory.word(slot)
    const { types } = this.#values.heap.layout
    const cells = [types.get('CONTEXT_CELL'), types.get('CONTEXT_SIDE_PROPERTY_CELL')]
    const type = this.#values.heap.typeOf(word)
    return word !== undefined && type !== undefined && cells.includes(type)
      ? this.#values.at(word - 1 + 8 * this.#values.fields.cell.value)
      : this.#values.at(slot)
  }

  /** V8's description (SharedFunctionInfo) of a function. */
  shared(closure: number): number | undefined {
    const shared = this.#values.heap.pointer(closure, this.#values.heap.layout.field.functionShared)
    return this.#values.heap.is(shared, 'SHARED_FUNCTION_INFO') ? shared : undefined
  }

  /** The context that a function closes over. */
  context(closure: number): number | undefined {
    return this.#values.heap.pointer(closure, 8 * this.#values.fields.function.context)
  }

  /** The script of a function and its place in there; undefined for builtins. */
  code(closure: number): { readonly script: Script; readonly range: Range | undefined } | undefined {
    const shared = this.shared(closure)
    const object = shared === undefined ? undefined : scriptOf(this.#values.heap, shared)
    if (shared === undefined || object === undefined) return undefined
    let script = this.#scripts.get(object)
    if (script === undefined) {
      script = new Script(this.#values.heap, object)
      this.#scripts.set(object, script)
    }
    return { script, range: functionRange(this.#values.heap, shared) }
  }

  /** Of a bound function. */
  bound(
    object: number,
  ): { readonly target: Seen; readonly receiver: Seen; readonly arguments: readonly Seen[] } | undefined {
    const { target, this: bound, arguments: given } = this.#values.fields.bound
    const [to, receiver] = [target, bound].map(field => this.#values.at(object - 1 + 8 * field))
    const list = this.#values.heap.pointer(object, 8 * given)
    const length = this.#values.heap.arrayLength(list) ?? 0
    const values = Array.from({ length }, (_, index) =>
      this.#values.at(this.#values.heap.elementAt(list!, index)),
    )
    return to === undefined || receiver === undefined || values.includes(undefined)
      ? undefined
      : { target: to, receiver, arguments: values as Seen[] }
  }

  /** The object that the outermost of the contexts around one belongs to: the global one. */
  globalObject(context: number): number | undefined {
    let native: number = context
    for (let step = 0; step < DEEPEST; step++) {
      const next = this.outer(native)
      if (next === undefined) break
      native = next
    }
    // The native context, around all others, has the global object where others have their extension.
    const object = this.#values.heap.memory.word(native - 1 + 8 * this.#values.fields.context.first)
    return this.#values.value(object)?.kind === 'object' ? object : undefined
  }
}
