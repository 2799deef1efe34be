/** What a call is made on, where only its text tells: something that a module exports, in it and where it is imported. */
import { dirname, resolve } from 'node:path'
import type { Activation } from '../../heap/graph.ts'
import { type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'

/**
 * The same text for the same exported thing, whichever module uses it; undefined for anything else, and for what a variable of
 * the same name hides.
 */
export function exportedTarget(
  activation: Activation,
  source: FunctionSource,
  target: Node,
): string | undefined {
  const { syntax, fn } = source
  let root = unwrapped(target)
  while (root.type === 'MemberExpression') root = unwrapped(root.object as Node)
  if (root.type !== 'Identifier' || syntax.root.type !== 'Program') return undefined
  const { name } = root
  const rest = syntax.textOf(target).replace(/\s+/g, '').slice(name.length)
  if (isHidden(fn, name)) return undefined
  for (const statement of syntax.root.body) {
    if (statement.type !== 'ImportDeclaration') continue
    const specifier = statement.specifiers.find(({ local }) => local.name === name)
    if (specifier === undefined) continue
    const imported =
      specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier'
        ? specifier.imported.name
        : specifier.type
    const from = String(statement.source.value)
    const path = from.startsWith('.') ? resolve(dirname(pathOf(activation)), from) : from
    return `${path} ${imported}${rest}`
  }
  return isExported(syntax.root, name) ? `${pathOf(activation)} ${name}${rest}` : undefined
}

/** `export const mutex = …`: what is exported stands in no scope of the heap, but with the module. */
function isExported(program: Extract<Node, { type: 'Program' }>, name: string): boolean {
  return program.body.some(statement => {
    if (statement.type !== 'ExportNamedDeclaration') return false
    const { declaration, specifiers } = statement
    if (declaration?.type === 'VariableDeclaration')
      return declaration.declarations.some(({ id }) => id.type === 'Identifier' && id.name === name)
    if (declaration) return declaration.id.name === name
    return (
      statement.source == null &&
      specifiers.some(({ local }) => local.type === 'Identifier' && local.name === name)
    )
  })
}

function isHidden(fn: Node, name: string): boolean {
  for (const node of walkOwn(fn))
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.id.name === name)
      return true
  return false
}

function pathOf({ code }: Activation): string {
  return (code.place?.script ?? '').replace(/^file:\/\//, '')
}
