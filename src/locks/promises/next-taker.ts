/** Whether code takes the next waiter out of what a lock keeps them in, told by its text. */
import type { Node } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'

/** Methods that take something out, `emit` among them: listeners of an emitter are its waiters. */
const taking =
  /(?:\.|\?\.)\s*(?:shift|pop|dequeue|splice|poll|shiftBack|next|takeFirst|removeFirst|delete|clear|emit)\s*\(|=\s*[\w$.#]+\.next\b|\[\s*0\s*\]/

const deepest = 5

const answers = new WeakMap<Node, Map<string, boolean>>()

/** Whether a function, or one that it calls in its script, takes something out of a field of one of these names. */
export function takesNext(
  source: FunctionSource,
  fields: readonly string[],
  from: Node = source.fn,
): boolean {
  const key = fields.join('\n')
  const known = answers.get(from) ?? new Map<string, boolean>()
  const answer = known.get(key) ?? takesWithin(source, fields, from)
  answers.set(from, known.set(key, answer))
  return answer
}

function takesWithin(source: FunctionSource, fields: readonly string[], from: Node): boolean {
  const { syntax } = source
  const byName = functionsByName(source)
  const seen = new Set<Node>()
  let level: readonly Node[] = [from]
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const next: Node[] = []
    for (const fn of level) {
      if (seen.has(fn)) continue
      seen.add(fn)
      const text = syntax.textOf(fn)
      if (takesFrom(text, fields)) return true
      for (const [, name] of text.matchAll(/([\w$#]+)\s*\(/g)) next.push(...(byName.get(name!) ?? []))
    }
    level = next
  }
  return false
}

/** Whether a text takes something out of a field of one of these names. */
export function takesFrom(text: string, fields: readonly string[]): boolean {
  return taking.test(text) && fields.some(field => mentions(text, field))
}

/** The text of a function without those inside of it. */
export function ownText(syntax: FunctionSource['syntax'], fn: Node): string {
  let text = syntax.textOf(fn)
  for (const inner of syntax.functions)
    if (inner !== fn && inner.start > fn.start && inner.end <= fn.end)
      text = text.replace(syntax.textOf(inner), '')
  return text
}

function mentions(text: string, field: string): boolean {
  return field !== '' && new RegExp(`(?<![\\w$])${field.replace(/[^\w]/g, '\\$&')}(?![\\w$])`).test(text)
}

const known = new WeakMap<object, ReadonlyMap<string, readonly Node[]>>()

/** The functions of a script by the names that they are called by. */
export function functionsByName({ syntax }: FunctionSource): ReadonlyMap<string, readonly Node[]> {
  const found = known.get(syntax)
  if (found !== undefined) return found
  const byName = new Map<string, Node[]>()
  for (const fn of syntax.functions)
    for (const name of namesOf(syntax, fn)) byName.set(name, [...(byName.get(name) ?? []), fn])
  known.set(syntax, byName)
  return byName
}

function namesOf(syntax: { parentOf(node: Node): Node | undefined }, fn: Node): readonly string[] {
  if ('id' in fn && fn.id && typeof fn.id === 'object' && 'name' in fn.id) return [String(fn.id.name)]
  const parent = syntax.parentOf(fn)
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return [parent.id.name]
  if (
    parent?.type === 'MethodDefinition' ||
    parent?.type === 'Property' ||
    parent?.type === 'PropertyDefinition'
  ) {
    const { key } = parent
    if (key.type === 'Identifier') return [key.name]
    if (key.type === 'PrivateIdentifier') return [`#${key.name}`]
  }
  if (parent?.type === 'AssignmentExpression' && parent.left.type === 'MemberExpression') {
    const { property } = parent.left
    if (property.type === 'Identifier') return [property.name]
  }
  return []
}
