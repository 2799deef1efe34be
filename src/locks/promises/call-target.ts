/** What a call is made on, where only its text tells: something that the module imports. */
import { dirname, resolve } from 'node:path'
import type { Activation } from '../../heap/graph.ts'
import { type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'

/**
 * The same text for the same imported thing, whichever module imports it; undefined for what is no import, or is hidden by a
 * variable of the same name.
 */
export function importedTarget(
  activation: Activation,
  source: FunctionSource,
  target: Node,
): string | undefined {
  const { syntax, fn } = source
  let root = unwrapped(target)
  while (root.type === 'MemberExpression') root = unwrapped(root.object as Node)
  if (root.type !== 'Identifier' || syntax.root.type !== 'Program') return undefined
  const { name } = root
  for (const statement of syntax.root.body) {
    if (statement.type !== 'ImportDeclaration') continue
    const specifier = statement.specifiers.find(({ local }) => local.name === name)
    if (specifier === undefined || isHidden(fn, name)) continue
    const imported =
      specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier'
        ? specifier.imported.name
        : specifier.type
    const from = String(statement.source.value)
    const path = from.startsWith('.') ? resolve(dirname(pathOf(activation)), from) : from
    const rest = syntax.textOf(target).replace(/\s+/g, '').slice(name.length)
    return `${path} ${imported}${rest}`
  }
  return undefined
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
