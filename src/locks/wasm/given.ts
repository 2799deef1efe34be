/** Whether an argument of a call in progress can be evaluated again and be what it was when it was given. */
import { declarationOf, isConstant, writesTo } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { PlacedFrame } from '../atomics/prepared.ts'

/** Evaluating these does nothing but read. */
const readings = new Set([
  'Identifier',
  'MemberExpression',
  'PrivateIdentifier',
  'ThisExpression',
  'Literal',
  'UnaryExpression',
  'BinaryExpression',
  'ParenthesizedExpression',
  'ConditionalExpression',
  'LogicalExpression',
])

export function onlyReads(node: Node): boolean {
  for (const part of walk(node)) if (!readings.has(part.type)) return false
  return true
}

/**
 * What code that ran since the call began may have set is not read again: variables that other functions write, and
 * members of a name that is written outside of a constructor.
 */
export function isAsGiven({ syntax, owner }: PlacedFrame, node: Node): boolean {
  for (const part of walk(node)) {
    if (part.type === 'MemberExpression') {
      if (part.computed && part.property.type !== 'Literal') return false
      if (memberIsWritten(syntax, syntax.textOf(part.property as Node))) return false
    }
    if (part.type === 'Identifier' && isVariable(syntax, part) && !isStable(syntax, owner, part)) return false
  }
  return true
}

function isVariable(syntax: Syntax, node: Node): boolean {
  const parent = syntax.parentOf(node)
  return parent?.type !== 'MemberExpression' || parent.object === node || parent.computed
}

function isStable(syntax: Syntax, owner: Node, node: Node): boolean {
  const declaration = declarationOf(syntax, syntax.textOf(node), node)
  if (declaration === undefined) return false
  if (isConstant(syntax, declaration)) return true
  // Its own function stands still in the call; another call of it has variables of its own.
  const isLocal = owner.type !== 'Program' && owner.start <= declaration.scope.start
  return isLocal && writesTo(syntax, declaration).every(write => functionAround(syntax, write) === owner)
}

function memberIsWritten(syntax: Syntax, name: string): boolean {
  for (const node of walk(syntax.root)) {
    const target =
      node.type === 'AssignmentExpression'
        ? (node.left as Node)
        : node.type === 'UpdateExpression'
          ? (node.argument as Node)
          : undefined
    const member = target && unwrapped(target)
    if (member?.type !== 'MemberExpression' || syntax.textOf(member.property as Node) !== name) continue
    const method = functionAround(syntax, node)
    const parent = method && syntax.parentOf(method)
    if (parent?.type !== 'MethodDefinition' || parent.kind !== 'constructor') return true
  }
  return false
}

function functionAround(syntax: Syntax, node: Node): Node | undefined {
  for (const ancestor of syntax.ancestors(node))
    if (ancestor !== node && isFunction(ancestor)) return ancestor
  return undefined
}
