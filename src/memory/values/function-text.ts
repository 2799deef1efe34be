import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, type Node } from '../../sources/syntax-tree.ts'

/** A function's text as `Function.prototype.toString` gives it: of a constructor, its class. */
export function textOfFunction(syntax: Syntax, owner: Node): string {
  const parent = syntax.parentOf(owner)
  if (parent?.type === 'MethodDefinition') {
    const body = parent.kind === 'constructor' ? syntax.parentOf(parent) : undefined
    const holder = body && syntax.parentOf(body)
    return holder ? syntax.textOf(holder) : syntax.textOf(parent).replace(/^static\s+/, '')
  }
  if (parent?.type === 'Property' && isFunction(owner) && (parent.method || parent.kind !== 'init'))
    return syntax.textOf(parent)
  return syntax.textOf(owner)
}
