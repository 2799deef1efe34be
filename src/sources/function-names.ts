/** What a function is called by the people who wrote it: V8 names a method without its class. */
import type { Syntax } from './syntax.ts'
import { isFunction, type Node } from './syntax-tree.ts'

/** The class whose body holds a function, with the offset of its name; undefined for other functions. */
export function enclosingClass(
  syntax: Syntax,
  fn: Node,
): { readonly name: string; readonly at: number } | undefined {
  const member = syntax.parentOf(fn)
  if (member?.type !== 'MethodDefinition' && member?.type !== 'PropertyDefinition') return undefined
  // A function in a computed key does not belong to the class.
  if (member.value !== fn) return undefined
  const body = syntax.parentOf(member)
  const owner = body && syntax.parentOf(body)
  if (owner?.type !== 'ClassDeclaration' && owner?.type !== 'ClassExpression') return undefined
  if (owner.id) return { name: owner.id.name, at: owner.id.start }
  return assignedName(syntax, owner)
}

/** True when the position lies outside of every function: module or script code. */
export function isTopLevel(node: Node): boolean {
  return !isFunction(node)
}

/** Where a function's own name stands: its identifier, its key, or the variable it is assigned to. */
export function nameOffset(syntax: Syntax, fn: Node): number | undefined {
  if ('id' in fn && fn.id && typeof fn.id === 'object' && 'start' in fn.id) return fn.id.start
  const parent = syntax.parentOf(fn)
  if (
    parent?.type === 'MethodDefinition' ||
    parent?.type === 'PropertyDefinition' ||
    parent?.type === 'Property'
  ) {
    return parent.value === fn ? parent.key.start : undefined
  }
  return assignedName(syntax, fn)?.at
}

/** The name in the declaration that begins at a position of an original text, which a minifier may have dropped. */
export function declaredName(text: string, line: number, column: number): string | undefined {
  const rest = text.split('\n', line)[line - 1]?.slice(column - 1)
  return rest === undefined
    ? undefined
    : /^(?:export\s+(?:default\s+)?)?(?:async\s+)?function\s*\*?\s*([\w$]+)/.exec(rest)?.[1]
}

/** `const Mutex = class { … }`, `exports.Mutex = class { … }`. */
function assignedName(
  syntax: Syntax,
  value: Node,
): { readonly name: string; readonly at: number } | undefined {
  const target = syntax.parentOf(value)
  if (target?.type === 'VariableDeclarator' && target.id.type === 'Identifier') return named(target.id)
  if (target?.type !== 'AssignmentExpression' || target.right !== value) return undefined
  if (target.left.type === 'Identifier') return named(target.left)
  if (target.left.type !== 'MemberExpression' || target.left.computed) return undefined
  const { property } = target.left
  return property.type === 'Identifier' ? named(property) : undefined
}

function named({ name, start }: { name: string; start: number }): {
  readonly name: string
  readonly at: number
} {
  return { name, at: start }
}
