import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isCall, type Node } from '../../sources/syntax-tree.ts'
import { contains } from './steps.ts'

/** The block of `using g = call()`. */
export function usingScope(syntax: Syntax, call: CallNode): Node | undefined {
  let node: Node = call
  for (let parent = syntax.parentOf(node); parent; parent = syntax.parentOf(parent)) {
    if (parent.type === 'VariableDeclaration')
      return parent.kind === 'using' || parent.kind === 'await using' ? syntax.parentOf(parent) : undefined
    if (parent.type !== 'VariableDeclarator' && parent.type !== 'AwaitExpression') return undefined
    node = parent
  }
  return undefined
}

/** U1 as compilers write it: `__add(env, m.guard())` in a `try` whose `finally` disposes of everything in `env`. */
export function compiledDisposal(
  syntax: Syntax,
  owner: Node,
  call: CallNode,
  position: Node | 'end',
): 'over' | 'ahead' | undefined {
  const parent = syntax.parentOf(call)
  if (!parent || !isCall(parent) || !(parent.arguments as Node[]).includes(call)) return undefined
  for (const node of syntax.ancestors(call)) {
    if (node === owner) return undefined
    if (node.type !== 'TryStatement' || !node.finalizer || !contains(node.block, call)) continue
    if (position === 'end' || !contains(node.block, position)) return 'over'
    return 'ahead'
  }
  return undefined
}
