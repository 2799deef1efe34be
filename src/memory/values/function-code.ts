/** The code of functions of the program, in the trees of their sources. */
import type { Syntax } from '../../sources/syntax.ts'
import type { SyntaxStore } from '../../sources/syntax-store.ts'
import { isFunction, type Node } from '../../sources/syntax-tree.ts'
import type { Objects } from '../v8/objects.ts'
import type { Script } from '../v8/scripts.ts'
import type { Called } from './evaluator.ts'
import { ClosureNames } from './frame-names.ts'

export interface Code {
  readonly syntax: Syntax
  readonly owner: Node
}

export class FunctionCode {
  readonly #objects: Objects
  readonly #store: SyntaxStore
  readonly #keyOf: (script: Script) => string | undefined
  readonly #code = new Map<number, Code | undefined>()

  /** `keyOf`: of the scripts whose trees the store has. */
  constructor(objects: Objects, store: SyntaxStore, keyOf: (script: Script) => string | undefined) {
    this.#objects = objects
    this.#store = store
    this.#keyOf = keyOf
  }

  /** A function's place in the trees of the sources. */
  of(closure: number): Code | undefined {
    if (this.#code.has(closure)) return this.#code.get(closure)
    const code = this.#find(closure)
    this.#code.set(closure, code)
    return code
  }

  #find(closure: number): Code | undefined {
    const code = this.#objects.code(closure)
    const { range } = code ?? {}
    if (code === undefined || range === undefined) return undefined
    const key = this.#keyOf(code.script)
    const syntax = key === undefined ? undefined : this.#store.of(key)
    if (syntax !== undefined && !('unknown' in syntax)) {
      const owner = syntax.functionStartingAt(range.start, range.start)
      if (isFunction(owner) && owner.end === range.end) return { syntax, owner }
    }
    return this.#alone(code.script, range)
  }

  /** One in a script that is not parsed whole: its own text, with the words before it that V8 counts as the function's. */
  #alone(script: Script, { start, end }: { readonly start: number; readonly end: number }): Code | undefined {
    const { text } = script
    if (text === undefined) return undefined
    for (const from of [start, ...beginnings(text, start)]) {
      const syntax = this.#store.ofSource(text.slice(from, end))
      const [owner] = 'unknown' in syntax ? [] : syntax.functions
      if (!('unknown' in syntax) && owner !== undefined) return { syntax, owner }
    }
    return undefined
  }

  /** As what is called; undefined for builtins. */
  called(closure: number): Called | undefined {
    const code = this.of(closure)
    if (code === undefined || !isFunction(code.owner)) return undefined
    return { syntax: code.syntax, owner: code.owner, names: new ClosureNames(this.#objects, closure) }
  }
}

/** Where a function may begin whose parameters begin at an offset: at its name, or at the words before that. */
function beginnings(text: string, start: number): readonly number[] {
  const before = text.slice(Math.max(0, start - 200), start)
  const head =
    /(?:(?:async\s+)?function\s*\*?\s*[\w$]*|(?:static\s+)?(?:async\s+)?(?:get\s+|set\s+)?\*?\s*#?[\w$]+)\s*$/.exec(
      before,
    )
  return head === null ? [] : [start - before.length + head.index]
}

/** The names that stand in a function's text. */
export function freeNames({ syntax, owner }: Code): ReadonlySet<string> {
  return new Set(syntax.textOf(owner).match(/[A-Za-z_$][\w$]*/g) ?? [])
}
