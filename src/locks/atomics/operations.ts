import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, type Node, unwrapped } from '../../sources/syntax-tree.ts'

const names = [
  'add',
  'and',
  'compareExchange',
  'exchange',
  'load',
  'notify',
  'or',
  'store',
  'sub',
  'wait',
  'waitAsync',
  'xor',
] as const

export type OperationName = (typeof names)[number]

/** One call of an `Atomics` function in the source. */
export interface Operation {
  readonly name: OperationName
  readonly call: CallNode
  readonly array: Node
  readonly index: Node
  /** The arguments after array and index. */
  readonly rest: readonly Node[]
}

/** Reads a call as an operation of `Atomics`, through aliases, destructuring and `globalThis`. */
export function operationOf(syntax: Syntax, call: CallNode): Operation | undefined {
  if (call.type !== 'CallExpression') return undefined
  const name = atomicsFunction(syntax, call.callee as Node, 3)
  const [array, index, ...rest] = call.arguments as Node[]
  if (!name || !array || !index) return undefined
  return { name, call, array, index, rest }
}

/** Whether an operation changes the word. */
export function writes(operation: Operation): boolean {
  return !['load', 'notify', 'wait', 'waitAsync'].includes(operation.name)
}

function atomicsFunction(syntax: Syntax, expression: Node, depth: number): OperationName | undefined {
  const node = unwrapped(expression)
  if (node.type === 'SequenceExpression')
    return atomicsFunction(syntax, node.expressions[node.expressions.length - 1] as Node, depth)
  if (node.type === 'MemberExpression') {
    const property = node.property as Node
    const name =
      property.type === 'Identifier' && !node.computed
        ? property.name
        : property.type === 'Literal'
          ? property.value
          : undefined
    return isAtomics(syntax, node.object as Node, depth) ? named(name) : undefined
  }
  if (node.type !== 'Identifier' || depth === 0) return undefined
  const declaration = declarationOf(syntax, node.name, node)
  if (!declaration?.initialiser) return undefined
  if (declaration.path === undefined) return atomicsFunction(syntax, declaration.initialiser, depth - 1)
  return isAtomics(syntax, declaration.initialiser, depth) ? named(declaration.path.slice(1)) : undefined
}

function isAtomics(syntax: Syntax, expression: Node, depth: number): boolean {
  const node = unwrapped(expression)
  if (node.type === 'MemberExpression')
    return (
      !node.computed &&
      node.property.type === 'Identifier' &&
      node.property.name === 'Atomics' &&
      node.object.type === 'Identifier' &&
      ['globalThis', 'global', 'window', 'self'].includes(node.object.name)
    )
  if (node.type !== 'Identifier' || depth === 0) return false
  const declaration = declarationOf(syntax, node.name, node)
  if (!declaration) return node.name === 'Atomics'
  if (!declaration.initialiser) return false
  if (declaration.path === undefined) return isAtomics(syntax, declaration.initialiser, depth - 1)
  return declaration.path === '.Atomics'
}

function named(name: unknown): OperationName | undefined {
  return names.find(one => one === name)
}
