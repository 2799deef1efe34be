import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import type { SyntaxStore } from '../../sources/syntax-store.ts'
import { type CallNode, type Node, unwrapped } from '../../sources/syntax-tree.ts'

/** Minifiers give one short name to functions, parameters and variables alike. */
const SHORTEST_NAME = 4

/**
 * Names of the functions of long texts, of which only the functions on the stacks were parsed: a library that does not
 * know `Atomics`, and calls nothing that only takes or only gives back a lock, takes none when its own functions call
 * each other.
 */
export class LockFreeTexts {
  readonly #store: SyntaxStore
  readonly #oneSided: readonly string[]
  readonly #names = new Map<string, ReadonlySet<string>>()

  /** @param oneSided names of the functions that take a lock and keep it, or give back what others took */
  constructor(store: SyntaxStore, oneSided: readonly string[]) {
    this.#store = store
    this.#oneSided = oneSided
  }

  /** Whether what is called goes by the name of a function of its own text, and that text leaves locks alone. */
  has(syntax: Syntax, call: CallNode, name: string): boolean {
    if (!syntax.partial || name.length < SHORTEST_NAME) return false
    const callee = unwrapped(call.callee as Node)
    // A parameter or a variable may be any function.
    if (callee.type === 'Identifier' && declarationOf(syntax, callee.name, callee) !== undefined) return false
    return this.#namesIn(syntax.text).has(name)
  }

  #namesIn(text: string): ReadonlySet<string> {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    const minds = this.#store.usesAtomics(text) || this.#callsOneSided(text)
    const names = minds ? new Set<string>() : this.#store.namesIn(text)
    this.#names.set(text, names)
    return names
  }

  #callsOneSided(text: string): boolean {
    if (this.#oneSided.length === 0) return false
    const names = this.#oneSided.map(name => name.replace(/[^\w]/g, '\\$&')).join('|')
    return new RegExp(`(?<![\\w$])(?:${names})\\s*\\(`).test(text)
  }
}
