/**
 * In which register a variable of a suspended function is: V8 (DeclarationScope::AllocateVariables) gives those that no inner
 * function uses the registers behind the generator object, in the order of their declarations. Told for variables of the
 * function's outermost block only, and only where nothing before them takes a register of its own.
 */
import { isFunction, type Node, walk, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'

/** The generator object itself stands first. */
const first = 1

/** The index among the registers that follow the parameters; undefined where it is not known. */
export function localRegister({ fn }: FunctionSource, name: string): number | undefined {
  if (!isFunction(fn) || fn.body.type !== 'BlockStatement') return undefined
  if (!(fn.params as Node[]).every(({ type }) => type === 'Identifier')) return undefined
  const captured = capturedNames(fn)
  if (captured === undefined || captured.has(name)) return undefined
  let at = first
  for (const statement of fn.body.body as Node[]) {
    const names = declaredBy(statement)
    if (names === undefined) return undefined
    for (const one of names) {
      if (one === name) return at
      if (!captured.has(one)) at++
    }
  }
  return undefined
}

/** Undefined where what it declares may take registers in another order. */
function declaredBy(statement: Node): readonly string[] | undefined {
  switch (statement.type) {
    case 'VariableDeclaration':
      if (/using$/.test(statement.kind)) return undefined
      return statement.declarations.flatMap(({ id }) => bindingNames(id as Node))
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return statement.id ? [statement.id.name] : []
    default:
      // `var` in a block belongs to the function; the head of a loop over something has a variable of V8's own.
      for (const node of walkOwn(statement))
        if (
          (node.type === 'VariableDeclaration' && node.kind === 'var') ||
          node.type === 'ForOfStatement' ||
          node.type === 'ForInStatement'
        )
          return undefined
      return []
  }
}

function bindingNames(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'AssignmentPattern':
      return bindingNames(pattern.left as Node)
    case 'RestElement':
      return bindingNames(pattern.argument as Node)
    case 'ArrayPattern':
      return (pattern.elements as (Node | null)[]).flatMap(one => (one === null ? [] : bindingNames(one)))
    case 'ObjectPattern':
      return (pattern.properties as Node[]).flatMap(one =>
        bindingNames((one.type === 'Property' ? one.value : one) as Node),
      )
    default:
      return []
  }
}

const dynamic = new Set(['eval', 'arguments'])

/** Names that inner functions and classes use: such variables are in a scope on the heap. */
function capturedNames(fn: Node): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  for (const node of walk(fn)) {
    if (node.type === 'Identifier' && dynamic.has(node.name)) return undefined
    if (node.type === 'WithStatement') return undefined
    if (node === fn) continue
    if (isFunction(node) || node.type === 'ClassBody')
      for (const inner of walk(node)) if (inner.type === 'Identifier') names.add(inner.name)
  }
  return names
}
