/** A program's text as far as its structure goes: without comments, and without the strings that nobody needs. */
import type { Syntax } from './syntax.ts'
import { type Node, walk } from './syntax-tree.ts'

const LINE_END = /[\n\r\u2028\u2029]/

/**
 * The text of a tree with comments turned to blanks and the characters of strings to `_`, so that every position stays
 * what it was. Kept are names (of modules, properties, types) and what `isNeeded`, which is asked with the string as it
 * is written, quotes included.
 */
export function bareText(syntax: Syntax, isNeeded: (written: string) => boolean): string {
  const { text } = syntax
  const strings: { start: number; end: number; fill: string }[] = []
  for (const node of walk(syntax.root)) {
    if (node.type === 'TemplateElement' && !isNeeded(text.slice(node.start - 1, node.end + 1)))
      strings.push({ start: node.start, end: node.end, fill: '_' })
    if (node.type !== 'Literal' || typeof node.value !== 'string') continue
    if (!isName(syntax, node) && !isNeeded(syntax.textOf(node)))
      strings.push({ start: node.start + 1, end: node.end - 1, fill: '_' })
  }
  const blanks = syntax.comments.map(({ start, end }) => ({ start, end, fill: ' ' }))
  let bare = ''
  let at = 0
  for (const { start, end, fill } of [...strings, ...blanks].sort((a, b) => a.start - b.start)) {
    if (start < at) continue
    bare += text.slice(at, start) + filled(text.slice(start, end), fill)
    at = end
  }
  return (bare + text.slice(at)).trimEnd()
}

/** Line ends stay, with the backslash that lets a string go on behind one. */
function filled(text: string, fill: string): string {
  if (!LINE_END.test(text)) return fill.repeat(text.length)
  return text.replace(/\\(?:\r\n|[\n\r\u2028\u2029])|[^\n\r\u2028\u2029]/g, part =>
    part.length > 1 || LINE_END.test(part) ? part : fill,
  )
}

/** A string that names something, as an identifier does. */
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
