/** What a function is called by the people who wrote it: V8 names a method without its class. */
import { isFunction, type Node } from './syntax-tree.ts'
import type { Syntax } from './syntax.ts'

/** The class whose body holds a function, with the offset of its name; undefined for other functions. */
export function enclosingClass(syntax: Syntax, fn: Node): { readonly name: string; readonly at: number } | undefined {
  const member = syntax.parentOf(fn)
  if (member?.type !== 'MethodDefinition' && member?.type !== 'PropertyDefinition') return undefined
  const body = syntax.parentOf(member)
  const owner = body && syntax.parentOf(body)
  if (owner?.type !== 'ClassDeclaration' && owner?.type !== 'ClassExpression') return undefined
  if (owner.id) return { name: owner.id.name, at: owner.id.start }
  // `const Mutex = class { … }`
  const target = syntax.parentOf(owner)
  if (target?.type === 'VariableDeclarator' && target.id.type === 'Identifier') return { name: target.id.name, at: target.id.start }
  return undefined
}

/** True when the position lies outside of every function: module or script code. */
export function isTopLevel(node: Node): boolean {
  return !isFunction(node)
}

/** Where a function's own name stands: its identifier, its key, or the variable it is assigned to. */
export function nameOffset(syntax: Syntax, fn: Node): number | undefined {
  if ('id' in fn && fn.id && typeof fn.id === 'object' && 'start' in fn.id) return fn.id.start
  const parent = syntax.parentOf(fn)
  if (parent?.type === 'MethodDefinition' || parent?.type === 'PropertyDefinition' || parent?.type === 'Property') {
    return parent.key.start
  }
  if (parent?.type === 'VariableDeclarator') return parent.id.start
  if (parent?.type === 'AssignmentExpression') return parent.left.end - 1
  return undefined
}
