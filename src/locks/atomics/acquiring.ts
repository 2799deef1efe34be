import { declarationOf, isConstant } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type Node, unwrapped } from '../../sources/syntax-tree.ts'
import { constantOf } from './constants.ts'
import type { Operation } from './operations.ts'

export type LockKind = 'mutex' | 'semaphore' | 'read-write lock' | 'ticket lock' | 'lock'

/** What taking a lock does to its word (rule A7). */
export interface Acquiring {
  readonly lock: LockKind
  readonly mode: 'shared' | 'exclusive'
  /** From free to taken and nothing else: its holder need not have a release ahead to be believed (rule S1). */
  readonly plain: boolean
  /** Takes something out of the word (a job, a permit): such words are more often events than locks. */
  readonly consuming: boolean
  /** The value of a free word. */
  readonly free?: number
  /** What is written: a candidate for the owner's id. */
  readonly takes?: Node
  /** The same, where it is always one number. */
  readonly taken?: number
}

/** How an operation changes the word: by a difference, to a value, or in a way that is not known. */
export interface Change {
  readonly by?: number
  readonly to?: number
}

/** Reads a read-modify-write operation as an acquisition; undefined when it can be none by itself. */
export function acquiringBy(syntax: Syntax, operation: Operation): Acquiring | undefined {
  const [first, second] = operation.rest
  if (operation.name === 'exchange' && first) {
    const value = constantOf(syntax, first)
    if (value === 0) return { lock: 'semaphore', mode: 'exclusive', plain: false, consuming: true }
    return mutex(syntax, 0, first)
  }
  if (operation.name === 'or' && first) return mutex(syntax, 0, first)
  if (operation.name === 'sub')
    return { lock: 'semaphore', mode: 'exclusive', plain: false, consuming: false }
  if (operation.name !== 'compareExchange' || !first || !second) return undefined
  const expected = constantOf(syntax, first)
  const replacement = constantOf(syntax, second)
  if (expected !== undefined) {
    if (replacement === expected) return undefined
    if (replacement === 0) return { lock: 'semaphore', mode: 'exclusive', plain: false, consuming: true }
    // From one taken state to another (`1 → 2`, "someone waits"): a mark, no acquisition.
    if (replacement !== undefined && expected !== 0 && replacement > expected && expected > 0)
      return undefined
    return mutex(syntax, expected, second)
  }
  const step = differenceOf(syntax, first, second)
  if (step === undefined)
    return replacement === undefined
      ? { lock: 'lock', mode: 'exclusive', plain: false, consuming: false, takes: second }
      : undefined
  return step < 0
    ? { lock: 'semaphore', mode: 'exclusive', plain: false, consuming: false }
    : { lock: 'read-write lock', mode: 'shared', plain: false, consuming: false }
}

function mutex(syntax: Syntax, free: number, takes: Node): Acquiring {
  const taken = constantOf(syntax, takes)
  const base = { lock: 'mutex', mode: 'exclusive', plain: true, consuming: false, free, takes } as const
  return taken === undefined ? base : { ...base, taken }
}

/** How a write changes the word; empty when the source does not tell. */
export function changeBy(syntax: Syntax, operation: Operation): Change {
  const [first, second] = operation.rest
  const value = first && constantOf(syntax, first)
  if (operation.name === 'store' || operation.name === 'exchange')
    return value === undefined ? {} : { to: value }
  if (operation.name === 'add') return { by: value ?? 1 }
  if (operation.name === 'sub') return { by: -(value ?? 1) }
  if (operation.name === 'and') return { by: -1 }
  if (operation.name === 'or') return { by: 1 }
  if (operation.name !== 'compareExchange' || !first || !second) return {}
  const to = constantOf(syntax, second)
  if (to !== undefined) return { to }
  const by = differenceOf(syntax, first, second)
  return by === undefined ? {} : { by }
}

/** The constant `d` where `replacement` is `expected + d`, through one fixed local name. */
function differenceOf(syntax: Syntax, expected: Node, replacement: Node): number | undefined {
  let node = unwrapped(replacement)
  if (node.type === 'Identifier') {
    const declaration = declarationOf(syntax, node.name, node)
    if (declaration?.initialiser && declaration.path === undefined && isConstant(syntax, declaration))
      node = unwrapped(declaration.initialiser)
  }
  if (node.type !== 'BinaryExpression' || (node.operator !== '+' && node.operator !== '-')) return undefined
  const same = syntax.textOf(unwrapped(expected))
  const left = unwrapped(node.left as Node)
  const right = unwrapped(node.right as Node)
  if (syntax.textOf(left) === same) {
    const by = constantOf(syntax, right)
    return by === undefined ? undefined : node.operator === '+' ? by : -by
  }
  if (syntax.textOf(right) === same && node.operator === '+') return constantOf(syntax, left)
  return undefined
}
