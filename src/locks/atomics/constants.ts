import { declarationOf, isConstant } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type Node, unwrapped } from '../../sources/syntax-tree.ts'

/** The number that an expression always has: literals, `const`s, static fields of classes, and sums of these. */
export function constantOf(syntax: Syntax, expression: Node, depth = 4): number | undefined {
  const node = unwrapped(expression)
  if (node.type === 'Literal') {
    if (typeof node.value === 'number') return node.value
    if (typeof node.value === 'bigint') return Number(node.value)
    if (typeof node.value === 'boolean') return Number(node.value)
    return undefined
  }
  if (depth === 0) return undefined
  if (node.type === 'UnaryExpression') {
    const value = constantOf(syntax, node.argument as Node, depth)
    if (value === undefined) return undefined
    if (node.operator === '-') return -value
    if (node.operator === '~') return ~value
    if (node.operator === '!') return Number(!value)
    return node.operator === '+' ? value : undefined
  }
  if (node.type === 'BinaryExpression') {
    const left = constantOf(syntax, node.left as Node, depth)
    const right = constantOf(syntax, node.right as Node, depth)
    if (left === undefined || right === undefined) return undefined
    if (node.operator === '+') return left + right
    if (node.operator === '-') return left - right
    if (node.operator === '*') return left * right
    if (node.operator === '|') return left | right
    return node.operator === '<<' ? left << right : undefined
  }
  if (node.type === 'Identifier') {
    const declaration = declarationOf(syntax, node.name, node)
    if (!declaration?.initialiser || declaration.path !== undefined || declaration.kind === 'parameter')
      return undefined
    return isConstant(syntax, declaration)
      ? constantOf(syntax, declaration.initialiser, depth - 1)
      : undefined
  }
  if (node.type === 'MemberExpression') return memberConstant(syntax, node, depth)
  return undefined
}

/** `Mutex.FREE`, `this.constructor`-less static fields and members of an object literal held in a `const`. */
function memberConstant(
  syntax: Syntax,
  node: Extract<Node, { type: 'MemberExpression' }>,
  depth: number,
): number | undefined {
  const object = unwrapped(node.object as Node)
  const key = node.property as Node
  if (node.computed || (key.type !== 'Identifier' && key.type !== 'PrivateIdentifier')) return undefined
  if (object.type !== 'Identifier') return undefined
  const declaration = declarationOf(syntax, object.name, object)
  if (!declaration) return undefined
  if (declaration.node.type === 'ClassDeclaration' || declaration.node.type === 'ClassExpression') {
    for (const member of declaration.node.body.body)
      if (member.type === 'PropertyDefinition' && member.static && member.value) {
        const name = member.key
        if (name.type === key.type && (name as { name: string }).name === key.name)
          return constantOf(syntax, member.value as Node, depth - 1)
      }
    return undefined
  }
  const initialiser = declaration.initialiser && freezeless(declaration.initialiser)
  if (initialiser?.type !== 'ObjectExpression' || declaration.kind !== 'const') return undefined
  for (const property of initialiser.properties)
    if (property.type === 'Property' && property.key.type === 'Identifier' && property.key.name === key.name)
      return constantOf(syntax, property.value as Node, depth - 1)
  return undefined
}

/** The object in `Object.freeze({ … })`. */
function freezeless(expression: Node): Node {
  const node = unwrapped(expression)
  if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
    const property = node.callee.property
    if (property.type === 'Identifier' && property.name === 'freeze' && node.arguments[0])
      return node.arguments[0] as Node
  }
  return node
}

/** A text that is equal for expressions that surely name the same: constants folded, fixed local names opened. */
export function canonicalText(syntax: Syntax, expression: Node, depth = 3): string {
  const node = unwrapped(expression)
  const constant = constantOf(syntax, node)
  if (constant !== undefined) return String(constant)
  if (node.type === 'Identifier' && depth > 0) {
    const declaration = declarationOf(syntax, node.name, node)
    if (
      declaration?.initialiser &&
      declaration.path === undefined &&
      declaration.kind !== 'parameter' &&
      isConstant(syntax, declaration) &&
      isPath(declaration.initialiser)
    )
      return canonicalText(syntax, declaration.initialiser, depth - 1)
    return declaration ? `${node.name}@${declaration.identifier.start}` : node.name
  }
  if (node.type === 'MemberExpression') {
    const object = canonicalText(syntax, node.object as Node, depth)
    return node.computed
      ? `${object}[${canonicalText(syntax, node.property as Node, depth)}]`
      : `${object}.${syntax.textOf(node.property)}`
  }
  return syntax.textOf(node)
}

/** Names, `this` and member accesses only. */
export function isPath(expression: Node): boolean {
  const node = unwrapped(expression)
  if (node.type === 'Identifier' || node.type === 'ThisExpression') return true
  if (node.type !== 'MemberExpression') return false
  return (
    isPath(node.object as Node) &&
    (!node.computed || node.property.type === 'Literal' || isPath(node.property as Node))
  )
}
