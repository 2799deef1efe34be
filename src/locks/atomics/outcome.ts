import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isLoop, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import { constantOf } from './constants.ts'
import { exits } from './exits.ts'
import type { Operation } from './operations.ts'
import { contains } from './steps.ts'

/** What is known about the truth of an expression where control is now. */
export type Truth =
  | boolean
  | 'unknown'
  /** It was stored: ask the variable. `equals`: it holds the operation's result, true when it equals that. */
  | { readonly variable: Node; readonly negated: boolean; readonly equals?: number }
  /** It decides an `if` that neither side leaves: the falsy side is this branch (rule C4). */
  | { readonly otherwise: Node | undefined }
  /** It is what the function returns. */
  | { readonly returned: boolean }

/** Rules C2 and C3: whether an expression was truthy, told by where control went afterwards. */
export function truthAt(syntax: Syntax, expression: Node, position: Node | 'end', truthy = true): Truth {
  let node = expression
  let positive = truthy
  const within = (part: Node | null | undefined) =>
    position !== 'end' && part != null && contains(part, position)
  for (;;) {
    const parent = syntax.parentOf(node)
    if (!parent) return 'unknown'
    switch (parent.type) {
      case 'UnaryExpression':
        if (parent.operator !== '!') return 'unknown'
        positive = !positive
        break
      case 'ParenthesizedExpression':
      case 'ChainExpression':
      case 'AwaitExpression':
        break
      case 'LogicalExpression': {
        // The whole of `a && b` is truthy only when `a` is; that of `a || b` falsy only when `a` is.
        if (parent.left === node && within(parent.right as Node))
          return (parent.operator === '&&') === positive
        const whole = truthAt(syntax, parent, position, true)
        if (typeof whole === 'boolean')
          return whole === (parent.operator === '&&') ? whole === positive : 'unknown'
        // Where the last part decides, `a && b` is truthy exactly when `b` was reached and is.
        if (parent.right !== node || (parent.operator === '&&') !== positive || whole === 'unknown')
          return 'unknown'
        if ('returned' in whole) return { returned: whole.returned === positive }
        return 'variable' in whole && whole.equals === undefined
          ? { ...whole, negated: whole.negated === positive }
          : 'unknown'
      }
      case 'ConditionalExpression':
        if (parent.test !== node) return 'unknown'
        if (within(parent.consequent as Node)) return positive
        if (within(parent.alternate as Node)) return !positive
        return 'unknown'
      case 'IfStatement': {
        if (within(parent.consequent as Node)) return positive
        if (within(parent.alternate as Node)) return !positive
        const consequentLeaves = exits(
          parent.consequent as Node,
          kind => kind !== 'ReturnStatement' || position !== 'end',
        )
        const alternateLeaves = parent.alternate != null && exits(parent.alternate as Node, () => true)
        if (consequentLeaves) return !positive
        if (alternateLeaves) return positive
        return { otherwise: (positive ? parent.alternate : parent.consequent) as Node | undefined }
      }
      case 'WhileStatement':
      case 'ForStatement':
        if (parent.test !== node) return 'unknown'
        if (within(parent.body as Node)) return positive
        return breaks(parent.body as Node) ? 'unknown' : !positive
      case 'DoWhileStatement':
        if (within(parent.body as Node) || breaks(parent.body as Node)) return 'unknown'
        return !positive
      case 'VariableDeclarator':
        return parent.id.type === 'Identifier'
          ? { variable: parent.id as Node, negated: !positive }
          : 'unknown'
      case 'AssignmentExpression':
        return parent.right === node && parent.left.type === 'Identifier'
          ? { variable: parent.left as Node, negated: !positive }
          : 'unknown'
      case 'ReturnStatement':
        return { returned: positive }
      case 'ArrowFunctionExpression':
        return parent.expression ? { returned: positive } : 'unknown'
      default:
        return 'unknown'
    }
    node = parent
  }
}

/** Whether an operation took the word: its result is compared with what it expected (`=== 0`, `!`, a variable). */
export function takenAt(syntax: Syntax, operation: Operation, position: Node | 'end'): Truth {
  const expected = operation.name === 'compareExchange' ? operation.rest[0] : undefined
  const free = expected ? constantOf(syntax, expected) : 0
  const parent = syntax.parentOf(operation.call)
  if (parent?.type === 'BinaryExpression') {
    const other = unwrapped((parent.left === operation.call ? parent.right : parent.left) as Node)
    const same =
      expected && syntax.textOf(other) === syntax.textOf(unwrapped(expected))
        ? true
        : free !== undefined && constantOf(syntax, other) === free
    const equal = parent.operator === '===' || parent.operator === '=='
    const differs = parent.operator === '!==' || parent.operator === '!='
    if (same && (equal || differs)) return truthAt(syntax, parent, position, equal)
    return 'unknown'
  }
  const truth = truthAt(syntax, operation.call, position, false)
  if (typeof truth === 'object' && 'variable' in truth && free !== undefined)
    return { variable: truth.variable, negated: false, equals: free }
  // A bare result is falsy exactly when the word was free, as long as free is 0.
  return free === 0 ? truth : 'unknown'
}

function breaks(body: Node): boolean {
  return /BreakStatement/.test(JSON.stringify(shape(body)))
}

function shape(node: Node): unknown {
  if (node.type === 'BlockStatement') return node.body.map(one => shape(one as Node))
  if (node.type === 'IfStatement')
    return [shape(node.consequent as Node), node.alternate ? shape(node.alternate as Node) : '']
  if (node.type === 'TryStatement')
    return [shape(node.block as Node), node.handler ? shape(node.handler.body as Node) : '']
  return isLoop(node) ? '' : node.type
}

/** The declaration that a stored outcome can be read from at a position. */
export function isReadable(syntax: Syntax, variable: Node, position: Node): boolean {
  const name = syntax.textOf(variable)
  const there = declarationOf(syntax, name, position)
  return there !== undefined && there.identifier === declarationOf(syntax, name, variable)?.identifier
}

/** Whether a lock function can come back without the lock: it returns false somewhere. */
export function refuses(syntax: Syntax, owner: Node): boolean {
  for (const node of walkOwn(owner)) {
    if (node.type !== 'ReturnStatement' || !node.argument) continue
    const text = syntax.textOf(unwrapped(node.argument as Node))
    if (text === 'false' || text === '!1') return true
  }
  return false
}

/** Whether its result can say anything. */
export function returnsVerdict(owner: Node): boolean {
  for (const node of walkOwn(owner)) if (node.type === 'ReturnStatement' && node.argument) return true
  return false
}
