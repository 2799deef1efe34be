import { type Declaration, declarationOf } from './scopes.ts'
import type { Syntax } from './syntax.ts'
import { type Node, walk } from './syntax-tree.ts'

const uses = new WeakMap<Syntax, Map<string, Node[]>>()

/**
 * Whether a function inside of the one that declares a variable uses it: such variables, and no others, V8 keeps in contexts, where
 * every closure finds them; all others live in registers.
 */
export function isCaptured(syntax: Syntax, declaration: Declaration): boolean {
  const home = ownerOfScope(syntax, declaration)
  return (usesIn(syntax).get(declaration.name) ?? []).some(
    use =>
      syntax.ownerOf(use) !== home &&
      declarationOf(syntax, declaration.name, use)?.identifier === declaration.identifier,
  )
}

/** The function (or program) in which a declaration's scope stands. */
export function ownerOfScope(syntax: Syntax, { scope }: Declaration): Node {
  return scope.type === 'FunctionDeclaration' ||
    scope.type === 'FunctionExpression' ||
    scope.type === 'ArrowFunctionExpression' ||
    scope === syntax.root
    ? scope
    : syntax.ownerOf(scope)
}

function usesIn(syntax: Syntax): Map<string, Node[]> {
  const known = uses.get(syntax)
  if (known !== undefined) return known
  const found = new Map<string, Node[]>()
  for (const node of walk(syntax.root)) {
    if (node.type !== 'Identifier') continue
    const list = found.get(node.name)
    if (list === undefined) found.set(node.name, [node])
    else list.push(node)
  }
  uses.set(syntax, found)
  return found
}
