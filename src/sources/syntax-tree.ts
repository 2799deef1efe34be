import type { AnyNode } from 'acorn'

export type Node = AnyNode
export type FunctionNode = Extract<
  Node,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>
export type CallNode = Extract<Node, { type: 'CallExpression' | 'NewExpression' }>

export function isFunction(node: Node): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

export function isCall(node: Node): node is CallNode {
  return node.type === 'CallExpression' || node.type === 'NewExpression'
}

export function isLoop(
  node: Node,
): node is Extract<
  Node,
  { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' | 'WhileStatement' | 'DoWhileStatement' }
> {
  return (
    node.type === 'ForStatement' ||
    node.type === 'ForInStatement' ||
    node.type === 'ForOfStatement' ||
    node.type === 'WhileStatement' ||
    node.type === 'DoWhileStatement'
  )
}

/** The children of a node in the order of the text; a `for` head's update comes after its body, as it runs. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  for (const key in node) {
    const value = (node as unknown as Record<string, unknown>)[key]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) children.push(item)
    } else if (isNode(value)) children.push(value)
  }
  if (node.type === 'ForStatement' && node.update) {
    const update = node.update as Node
    return [...children.filter(child => child !== update), update]
  }
  return children.sort((left, right) => left.start - right.start)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** Every node below and including `root`, outer ones first, without recursion: bundles nest deeply. */
export function* walk(root: Node, enter: (node: Node) => boolean = () => true): Generator<Node> {
  const stack: Node[] = [root]
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node
    if (!enter(node)) continue
    const children = childrenOf(node)
    for (let index = children.length - 1; index >= 0; index--) stack.push(children[index]!)
  }
}

/** The nodes that run when `functionNode` (or a program) runs: nested functions are seen, but not entered. */
export function walkOwn(owner: Node): Generator<Node> {
  return walk(owner, node => node === owner || !isFunction(node))
}

/** The innermost node without parentheses, `await` and TypeScript leftovers around it. */
export function unwrapped(node: Node): Node {
  let inner = node
  while (inner.type === 'ParenthesizedExpression' || inner.type === 'ChainExpression')
    inner = inner.expression as Node
  return inner
}
