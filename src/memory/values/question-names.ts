/** What names mean where no function of a script gives them: in a question about objects, in a frame of WebAssembly. */
import type { Buffer } from '../v8/objects.ts'
import { BUILTINS } from './frame-names.ts'
import { type Names, nothing, type Runtime, Unreadable } from './runtime.ts'

/** The objects of a question that has no frame. */
export class GivenNames implements Names {
  readonly #given: ReadonlyMap<string, Runtime>

  constructor(given: ReadonlyMap<string, Runtime>) {
    this.#given = given
  }

  lookup(name: string): Runtime {
    const value = this.#given.get(name)
    if (value !== undefined) return value
    if (name === 'undefined') return nothing
    if (BUILTINS.test(name)) return { kind: 'builtin', path: name }
    throw new Unreadable('no such name', name)
  }

  receiver(): Runtime {
    throw new Unreadable('no such name', 'this')
  }
}

/** What V8 calls the parts of an instance, in the scope of a frame of WebAssembly; and what JavaScript has called it with. */
export class ModuleNames implements Names {
  readonly #memories: Runtime
  readonly #given: Runtime

  constructor(buffers: readonly Buffer[], given: readonly Runtime[]) {
    this.#memories = { kind: 'list', items: buffers.map(buffer => ({ kind: 'memory', buffer })) }
    this.#given = { kind: 'list', items: given }
  }

  lookup(name: string): Runtime {
    if (name === 'memories') return this.#memories
    if (name === 'arguments') return this.#given
    if (BUILTINS.test(name)) return { kind: 'builtin', path: name }
    throw new Unreadable('no such name', name)
  }

  receiver(): Runtime {
    throw new Unreadable('no such name', 'this')
  }
}
