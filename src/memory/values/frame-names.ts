/**
 * What names mean in a function in progress, and in one that is not: V8 keeps the variables that inner functions use in contexts, by their
 * names, and what a function was called with in its frame. Other variables are in registers, whose names are nowhere.
 */
import { isCaptured, ownerOfScope } from '../../sources/captured.ts'
import { type Declaration, declarationOf, writesTo } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type FunctionNode, isFunction, type Node } from '../../sources/syntax-tree.ts'
import type { FrameSlots, SuspendedSlots } from '../v8/javascript-frames.ts'
import type { Objects, Seen } from '../v8/objects.ts'
import { type Names, nothing, type Runtime, Unreadable } from './runtime.ts'

/** Builtins that expressions over locks are made of; a program that replaces them is none that anybody has seen. */
export const BUILTINS =
  /^(Object|Function|Array|Math|Number|String|Atomics|Int8Array|Uint8Array|Int16Array|Uint16Array|Int32Array|Uint32Array|BigInt64Array|BigUint64Array)$/

const MOST_ARGUMENTS = 1000

/** The names that a function closes over. */
export class ClosureNames implements Names {
  readonly #objects: Objects
  readonly #closure: number

  constructor(objects: Objects, closure: number) {
    this.#objects = objects
    this.#closure = closure
  }

  lookup(name: string): Runtime {
    if (name === 'undefined') return nothing
    const context = this.#objects.context(this.#closure)
    const found = this.#objects.named(context, name)
    if (found === undefined) throw new Unreadable('cannot be read here', name)
    if (found !== 'missing') return found
    const global = context === undefined ? undefined : this.#objects.global(context, name)
    if (global?.kind === 'value' && !BUILTINS.test(name)) return global.value
    if (BUILTINS.test(name)) return { kind: 'builtin', path: name }
    throw new Unreadable('no such name', name)
  }

  /** An arrow's: where the function around it keeps it. */
  receiver(): Runtime {
    const found = this.#objects.named(this.#objects.context(this.#closure), 'this')
    if (found === undefined || found === 'missing') throw new Unreadable('cannot be read here', 'this')
    return found
  }
}

/** The names in a frame, at the call in progress. */
export class FrameNames implements Names {
  readonly #objects: Objects
  readonly #slots: FrameSlots | SuspendedSlots
  readonly #optimised: boolean
  readonly #syntax: Syntax
  readonly #owner: Node
  readonly #position: Node
  readonly #closed: ClosureNames

  constructor(
    objects: Objects,
    slots: FrameSlots | SuspendedSlots,
    { syntax, owner, position }: { readonly syntax: Syntax; readonly owner: Node; readonly position: Node },
  ) {
    this.#objects = objects
    this.#slots = slots
    this.#optimised = 'fp' in slots && slots.optimised
    this.#syntax = syntax
    this.#owner = owner
    this.#position = position
    this.#closed = new ClosureNames(objects, slots.closure)
  }

  lookup(name: string): Runtime {
    if (name === 'arguments' && isFunction(this.#owner) && this.#owner.type !== 'ArrowFunctionExpression')
      return { kind: 'list', items: this.#arguments() }
    const declaration = declarationOf(this.#syntax, name, this.#position)
    if (declaration === undefined) return this.#closed.lookup(name)
    const isOwn = ownerOfScope(this.#syntax, declaration) === this.#owner
    if (isOwn && declaration.kind === 'function' && declaration.node === this.#owner)
      return { kind: 'object', at: this.#slots.closure }
    const captured =
      declaration.kind === 'import' ||
      isExported(this.#syntax, declaration) ||
      isCaptured(this.#syntax, declaration)
    if (!isOwn) {
      // What a frame does not close over, no context that it has is sure to hold.
      if (!captured)
        throw new Unreadable('cannot be read here', `${name} is in a register of another function`)
      return this.#closed.lookup(name)
    }
    if (captured && !this.#optimised) return this.#inContext(name)
    if (declaration.kind === 'parameter') return this.#parameter(declaration, captured)
    throw new Unreadable(
      this.#optimised ? 'optimised out' : 'cannot be read here',
      `${name} is in a register`,
    )
  }

  receiver(): Runtime {
    if (this.#owner.type === 'ArrowFunctionExpression') return this.#closed.receiver()
    return this.#objects.at(this.#address('receiver')) ?? unreadable('this')
  }

  /** A variable of the function's own, in the contexts that it has made. */
  #inContext(name: string): Runtime {
    const objects = this.#objects
    const current = objects.heap.memory.word(this.#address('context'))
    const found = objects.named(current, name, objects.context(this.#slots.closure))
    if (found === undefined || found === 'missing') return unreadable(name)
    return found
  }

  /** What the function was given; as long as nobody has given the parameter another value, it is that still. */
  #parameter(declaration: Declaration, captured: boolean): Runtime {
    const { params } = this.#owner as FunctionNode
    const index = Number(declaration.path ?? 'none')
    const parameter = params[index]
    if (parameter === undefined) return unreadable(declaration.name)
    // V8 makes variables of the parameters of a list that is not plain.
    const plain = params.every(({ type }) => type === 'Identifier')
    const changes = writesTo(this.#syntax, declaration).length > 0
    // An `arguments` that parameters share their values with keeps these elsewhere.
    const shares = /\barguments\b/.test(this.#syntax.textOf(this.#owner))
    if (changes && (captured || shares || !plain || this.#optimised)) return unreadable(declaration.name)
    const value = index < this.#count() ? this.#argument(index) : nothing
    if (value === undefined) return unreadable(declaration.name)
    if (value.kind === 'undefined' && parameter.type === 'AssignmentPattern')
      return unreadable(declaration.name)
    return value
  }

  #arguments(): readonly Runtime[] {
    // Beyond its declared parameters nothing is kept of a suspended function.
    if (!('fp' in this.#slots)) return unreadable('arguments')
    return Array.from(
      { length: this.#count() },
      (_, index) => this.#argument(index) ?? unreadable('arguments'),
    )
  }

  /** The number of arguments stands in the frame, the receiver counted. */
  #count(): number {
    if (!('fp' in this.#slots)) return this.#slots.parameterCount
    const bytes = this.#objects.heap.memory.uint32(this.#slots.fp - 24)
    return bytes === undefined || bytes < 1 || bytes > MOST_ARGUMENTS ? unreadable('arguments') : bytes - 1
  }

  #argument(index: number): Seen | undefined {
    return this.#objects.at(this.#address('parameters') + 8 * index)
  }

  #address(of: keyof typeof inFrame): number {
    return 'fp' in this.#slots ? this.#slots.fp + inFrame[of] : this.#slots[of]
  }
}

/** Where a frame has these, from its frame pointer. */
const inFrame = { context: -8, receiver: 16, parameters: 24 } as const

function isExported(syntax: Syntax, { scope, name, node }: Declaration): boolean {
  if (scope !== syntax.root || scope.type !== 'Program') return false
  const parents = [syntax.parentOf(node), syntax.parentOf(syntax.parentOf(node) ?? node)]
  if (parents.some(parent => parent?.type.startsWith('Export'))) return true
  return scope.body.some(
    one =>
      one.type === 'ExportNamedDeclaration' &&
      one.specifiers.some(({ local }) => local.type === 'Identifier' && local.name === name),
  )
}

function unreadable(what: string): never {
  throw new Unreadable('cannot be read here', what)
}
