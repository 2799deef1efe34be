import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isFunction, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import { isPath } from './constants.ts'
import { contains } from './steps.ts'

/** A method that closes over its lock, made by a factory: the lock is known by the object that the factory gave. */
export function factoryMade(
  frame: { readonly syntax: Syntax; readonly owner: Node },
  node: Node,
  index: Node | undefined,
  call: CallNode,
): Node | undefined {
  const callee = unwrapped(call.callee as Node)
  if (callee.type !== 'MemberExpression' || !isPath(callee.object as Node)) return undefined
  return closesOver(frame, node) || (index && closesOver(frame, index)) ? (callee.object as Node) : undefined
}

/** A word that an object picks from an array that all share (`cells[this.i]`): the lock is known by that object. */
export function pickedByReceiver(
  frame: { readonly syntax: Syntax; readonly owner: Node },
  node: Node,
  index: Node | undefined,
  call: CallNode,
): Node | undefined {
  if (
    index === undefined ||
    rootOf(index).type !== 'ThisExpression' ||
    rootOf(node).type === 'ThisExpression'
  )
    return undefined
  return throughCall(frame, index, call)
}

/** Whether a name belongs to a function around this one. */
export function closesOver(frame: { readonly syntax: Syntax; readonly owner: Node }, node: Node): boolean {
  const root = rootOf(node)
  if (root.type !== 'Identifier') return false
  const declaration = declarationOf(frame.syntax, root.name, root)
  if (!declaration || contains(frame.owner, declaration.scope)) return false
  const scope = declaration.scope
  return isFunction(scope) || isFunction(frame.syntax.ownerOf(scope))
}

/** `const cell = this.get(n)`: what picks the lock out of the receiver's. */
export function choosing(frame: { readonly syntax: Syntax }, node: Node): Node | undefined {
  if (node.type !== 'Identifier') return undefined
  const initialiser = declarationOf(frame.syntax, node.name, node)?.initialiser
  if (!initialiser || isPath(initialiser) || initialiser.type !== 'CallExpression') return undefined
  return initialiser.arguments[0] as Node | undefined
}

/** What an expression over `this` or a parameter is in the caller's words. */
export function throughCall(
  frame: { readonly syntax: Syntax; readonly owner: Node },
  expression: Node,
  call: CallNode,
): Node | undefined {
  const root = rootOf(expression)
  if ((root.type === 'ThisExpression' || root.type === 'Super') && call.type === 'NewExpression') {
    // N2: a field of an object under construction is what the constructor was given.
    for (const node of walkOwn(frame.owner))
      if (node.type === 'AssignmentExpression' && node.left.type === 'MemberExpression')
        if (frame.syntax.textOf(node.left) === frame.syntax.textOf(unwrapped(expression)))
          return throughCall(frame, node.right as Node, call)
    return undefined
  }
  if (root.type === 'ThisExpression' || root.type === 'Super') {
    const callee = unwrapped(call.callee as Node)
    return callee.type === 'MemberExpression' ? (callee.object as Node) : undefined
  }
  if (root.type !== 'Identifier') return undefined
  const declaration = declarationOf(frame.syntax, root.name, root)
  if (declaration?.kind === 'parameter' && declaration.scope === frame.owner) {
    const position = Number.parseInt(declaration.path ?? '0', 10)
    return call.arguments[position] as Node | undefined
  }
  // `const cell = this.get(n)`: the lock is one of the receiver's.
  if (declaration?.initialiser && declaration.kind !== 'parameter' && !isPath(declaration.initialiser)) {
    const callee = unwrapped(call.callee as Node)
    const mentionsThis = [...walkOwn(declaration.initialiser)].some(node => node.type === 'ThisExpression')
    return mentionsThis && callee.type === 'MemberExpression' ? (callee.object as Node) : undefined
  }
  // `const cell = this.#cell` at the start of a method.
  if (declaration?.initialiser && declaration.path === undefined && declaration.kind !== 'parameter')
    return frame.syntax.ownerOf(declaration.node) === frame.owner && rootOf(declaration.initialiser) !== root
      ? throughCall(frame, declaration.initialiser, call)
      : undefined
  return undefined
}

/** The `this`, name or other expression that a path begins with. */
export function rootOf(expression: Node): Node {
  let node = unwrapped(expression)
  for (;;) {
    if (node.type === 'MemberExpression') node = unwrapped(node.object as Node)
    else if (node.type === 'CallExpression' && node.arguments[0] && privateGetter(node))
      node = unwrapped(node.arguments[0] as Node)
    else return node
  }
}

/** A call by which compilers read a private field: `get(this, _field …)`. */
export function privateGetter(call: Extract<Node, { type: 'CallExpression' }>): boolean {
  const callee = unwrapped(call.callee as Node)
  const second = call.arguments[1]
  return (
    second?.type === 'Identifier' &&
    (callee.type === 'Identifier' || callee.type === 'MemberExpression') &&
    call.arguments[0]?.type === 'ThisExpression'
  )
}
