import type { Syntax } from '../../sources/syntax.ts'
import { type Names, type Runtime, Unreadable } from './runtime.ts'

/** Names that the expression itself declares, over those around it. */
export class Scope implements Names {
  readonly syntax: Syntax
  readonly #outer: Names
  readonly #receiver: Runtime | undefined
  readonly #own = new Map<string, Runtime>()

  constructor(syntax: Syntax, outer: Names, receiver?: Runtime) {
    this.syntax = syntax
    this.#outer = outer
    this.#receiver = receiver
  }

  declare(name: string, value: Runtime): void {
    this.#own.set(name, value)
  }

  assign(name: string, value: Runtime): void {
    if (this.#own.has(name)) this.#own.set(name, value)
    else if (this.#outer instanceof Scope) this.#outer.assign(name, value)
    else throw new Unreadable('side effect', 'an assignment')
  }

  lookup(name: string): Runtime {
    return this.#own.get(name) ?? this.#outer.lookup(name)
  }

  receiver(): Runtime {
    return this.#receiver ?? this.#outer.receiver()
  }
}
