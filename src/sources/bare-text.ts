/** A program's text as far as its structure goes: without comments, and with its strings masked. */
import type { StringMask } from './string-mask.ts'
import type { Syntax } from './syntax.ts'
import { type Node, walk } from './syntax-tree.ts'

/** The text of a tree with comments turned to blanks and strings masked; every position stays what it was. */
export function bareText(syntax: Syntax, mask: StringMask): string {
  const { text } = syntax
  const parts = syntax.comments.map(({ start, end }) => ({
    start,
    end,
    by: text.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, ' '),
  }))
  const masked = (start: number, end: number) =>
    parts.push({ start, end, by: mask.of(text.slice(start, end)) })
  for (const node of walk(syntax.root)) {
    if (node.type === 'TemplateElement') masked(node.start, node.end)
    else if (isString(node) && !isName(syntax, node)) masked(node.start + 1, node.end - 1)
  }
  let bare = ''
  let at = 0
  for (const { start, end, by } of parts.sort((a, b) => a.start - b.start)) {
    if (start < at) continue
    bare += text.slice(at, start) + by
    at = end
  }
  return (bare + text.slice(at)).trimEnd()
}

/** The strings that name something as an identifier does: modules, properties, types. */
export function namesIn(syntax: Syntax): readonly string[] {
  return [...walk(syntax.root)].flatMap(node =>
    isString(node) && isName(syntax, node) ? [syntax.text.slice(node.start + 1, node.end - 1)] : [],
  )
}

function isString(node: Node): boolean {
  return node.type === 'Literal' && typeof node.value === 'string'
}

function isName(syntax: Syntax, node: Node): boolean {
  const parent = syntax.parentOf(node)
  switch (parent?.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'ImportSpecifier':
    case 'ExportSpecifier':
    case 'ImportAttribute':
      return true
    case 'ExpressionStatement':
      return 'directive' in parent
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return parent.key === node
    case 'MemberExpression':
      return parent.property === node
    case 'CallExpression':
      return parent.callee.type === 'Identifier' && parent.callee.name === 'require'
    case 'BinaryExpression':
      return [parent.left, parent.right].some(
        side => side.type === 'UnaryExpression' && side.operator === 'typeof',
      )
    default:
      return false
  }
}
