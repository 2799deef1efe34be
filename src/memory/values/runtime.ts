/** Values as an expression over memory has them while it is worked out: those of the program, and what the expression itself makes. */
import type { NoAnswer } from '../../snapshot/question.ts'
import type { Syntax } from '../../sources/syntax.ts'
import type { FunctionNode } from '../../sources/syntax-tree.ts'
import type { Buffer, Seen, View } from '../v8/objects.ts'

export type Runtime =
  | Seen
  | { readonly kind: 'bigint'; readonly value: bigint }
  /** An array that the expression makes. */
  | { readonly kind: 'list'; readonly items: readonly Runtime[] }
  /** A typed array that the expression makes, over memory that is there. */
  | { readonly kind: 'view'; readonly view: View }
  /** A memory of WebAssembly, or its buffer. */
  | { readonly kind: 'memory'; readonly buffer: Buffer }
  /** A function that is written in the expression. */
  | { readonly kind: 'lambda'; readonly node: FunctionNode; readonly syntax: Syntax; readonly names: Names }
  /** A builtin by its path from the global object: `Object.getPrototypeOf`. */
  | { readonly kind: 'builtin'; readonly path: string }

/** Gives the values of names; throws `Unreadable`. */
export interface Names {
  lookup(name: string): Runtime
  receiver(): Runtime
}

/** Why an expression has no value; caught where the question is answered. */
export class Unreadable {
  readonly why: NoAnswer
  readonly detail: string

  constructor(why: NoAnswer, detail: string) {
    this.why = why
    this.detail = detail
  }
}

export const nothing: Runtime = { kind: 'undefined' }

export function isTrue(value: Runtime): boolean {
  switch (value.kind) {
    case 'undefined':
    case 'null':
      return false
    case 'boolean':
    case 'number':
    case 'string':
    case 'bigint':
      return Boolean(value.value)
    default:
      return true
  }
}

/** A primitive as our own. */
export function primitive(value: Runtime): undefined | null | boolean | number | string | bigint {
  switch (value.kind) {
    case 'undefined':
      return undefined
    case 'null':
      return null
    case 'boolean':
    case 'number':
    case 'string':
    case 'bigint':
      return value.value
    default:
      throw new Unreadable('side effect', 'an object would be converted')
  }
}

export function ofPrimitive(value: unknown): Runtime {
  switch (typeof value) {
    case 'undefined':
      return nothing
    case 'boolean':
      return { kind: 'boolean', value }
    case 'number':
      return { kind: 'number', value }
    case 'string':
      return { kind: 'string', value }
    case 'bigint':
      return { kind: 'bigint', value }
    default:
      return { kind: 'null' }
  }
}

/** `===`. */
export function isSame(left: Runtime, right: Runtime): boolean {
  if (left.kind !== right.kind) return false
  switch (left.kind) {
    case 'undefined':
    case 'null':
      return true
    case 'object':
    case 'symbol':
      return left.at === (right as { at: number }).at
    case 'list':
    case 'view':
    case 'lambda':
      return left === right
    case 'memory':
      return left.buffer.address === (right as { buffer: Buffer }).buffer.address
    case 'builtin':
      return left.path === (right as { path: string }).path
    default:
      return left.value === (right as { value: unknown }).value
  }
}
