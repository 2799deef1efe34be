import { type Declaration, declarationOf, isConstant, writesTo } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, isLoop, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import { isPath } from './constants.ts'
import { contains, loopAround } from './steps.ts'
import { runsBefore } from './way.ts'

/** Where a value is wanted from and where the frame stands now. */
export interface Span {
  readonly owner: Node
  /** The step whose values are asked for. */
  readonly from: Node
  /** The call in progress. */
  readonly to: Node
  /** The loop in whose earlier iteration the step ran; everything written in that loop is stale (rule L2). */
  readonly earlier?: Node
}

/** What a name at `span.from` can be read as at `span.to`. */
export type Reading =
  /** The name still stands for the same variable with the same value. */
  | { readonly as: 'itself'; readonly doubt?: string }
  /** Another variable has kept the value (rule V2). */
  | { readonly as: 'copy'; readonly name: string }
  /** The value is that of the initialiser (rule V3). */
  | { readonly as: 'initialiser'; readonly node: Node; readonly path: string }
  | { readonly as: 'stale'; readonly why: string }

/** Rules V1 to V3 for one name. */
export function readingOf(syntax: Syntax, name: string, at: Node, span: Span): Reading {
  const declaration = declarationOf(syntax, name, at)
  if (!declaration) return { as: 'itself' }
  const visible = declarationOf(syntax, name, span.to)?.identifier === declaration.identifier
  const constant = isConstant(syntax, declaration)
  const perIteration =
    span.earlier !== undefined &&
    contains(span.earlier, declaration.scope) &&
    declaration.scope !== span.owner
  if (visible && constant && !perIteration) return { as: 'itself' }
  const writes = constant ? [] : writesTo(syntax, declaration)
  const own = writes.filter(write => syntax.ownerOf(write) === span.owner)
  const stale = perIteration || own.some(write => between(syntax, write, span))
  if (!stale && visible) {
    // V1 for closures and module-level variables: somebody else's code may have written since.
    const elsewhere = writes.length > own.length
    return elsewhere
      ? { as: 'itself', doubt: `\`${name}\` is also assigned elsewhere in the program` }
      : { as: 'itself' }
  }
  const copy = stale ? copyOf(syntax, declaration, span) : undefined
  if (copy) return { as: 'copy', name: copy }
  if (declaration.initialiser && declaration.kind !== 'parameter' && !perIteration)
    if (!stale ? constant : untouched(syntax, declaration, writes, span))
      return { as: 'initialiser', node: declaration.initialiser, path: declaration.path ?? '' }
  return {
    as: 'stale',
    why: stale ? `\`${name}\` has been assigned since` : `\`${name}\` is out of scope by now`,
  }
}

/** V3 for a variable that was assigned to only after the step: it still had its first value then. */
function untouched(
  syntax: Syntax,
  { node, identifier }: Declaration,
  writes: readonly Node[],
  span: Span,
): boolean {
  const loop = loopAround(syntax, span.owner, span.from)
  if (syntax.ownerOf(node) !== span.owner || (loop && !contains(loop, identifier))) return false
  return writes.every(write => syntax.ownerOf(write) === span.owner && runsBefore(syntax, span.from, write))
}

/** Whether a node may have run after the step and before the position. */
function between(syntax: Syntax, write: Node, span: Span): boolean {
  if (span.earlier && contains(span.earlier, write)) return true
  if (contains(write, span.to)) return false
  if (runsBefore(syntax, span.from, write) && runsBefore(syntax, write, span.to)) return true
  // In a loop that the step is not part of, a write after the position has run in an earlier iteration.
  for (const node of syntax.ancestors(span.to)) {
    if (node === span.owner) break
    if (isLoop(node) && !contains(node, span.from) && contains(node, write)) return true
  }
  return false
}

/** Rule V2: `prev = cur` between the step and the write keeps the value, when `prev` was not written again. */
function copyOf(syntax: Syntax, declaration: Declaration, span: Span): string | undefined {
  for (const node of walk(span.owner, inner => inner === span.owner || !isFunction(inner))) {
    const target = copyTarget(node, declaration.name)
    if (!target || node.start > span.to.start) continue
    if (declarationOf(syntax, declaration.name, node)?.identifier !== declaration.identifier) continue
    const copy = declarationOf(syntax, target, node)
    if (!copy || declarationOf(syntax, target, span.to)?.identifier !== copy.identifier) continue
    const insideEarlier = span.earlier !== undefined && contains(span.earlier, node)
    // The copy must see the value of the step: no write of the original may come between step and copy.
    const writes = writesTo(syntax, declaration)
    const spoiled = insideEarlier
      ? writes.some(
          write =>
            contains(span.earlier!, write) &&
            (runsBefore(syntax, span.from, write) || runsBefore(syntax, write, node)),
        )
      : !runsBefore(syntax, span.from, node) ||
        writes.some(write => runsBefore(syntax, span.from, write) && runsBefore(syntax, write, node))
    if (spoiled) continue
    const again = writesTo(syntax, copy).filter(write => write !== node)
    const after = again.some(
      write =>
        syntax.ownerOf(write) !== span.owner ||
        (runsBefore(syntax, node, write) && runsBefore(syntax, write, span.to)),
    )
    if (!after && runsBefore(syntax, node, span.to)) return target
  }
  return undefined
}

function copyTarget(node: Node, name: string): string | undefined {
  const is = (value: Node | null | undefined) => value?.type === 'Identifier' && value.name === name
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && is(node.init as Node | null))
    return node.id.name
  if (
    node.type === 'AssignmentExpression' &&
    node.operator === '=' &&
    node.left.type === 'Identifier' &&
    is(node.right as Node)
  )
    return node.left.name
  return undefined
}

const changing = new Set([
  'shift',
  'pop',
  'splice',
  'sort',
  'reverse',
  'unshift',
  'copyWithin',
  'delete',
  'clear',
])
const fieldWrites = new WeakMap<Syntax, Map<string, Node[]>>()

/**
 * Rule V1 for what is reached through objects: assignments to a field of that name outside of constructors, and calls
 * that move the elements of a container of that name. `undefined`: nothing can have changed.
 */
export function fieldDoubt(
  syntax: Syntax,
  expression: Node,
  span: Span,
): { why: string; sure: boolean } | undefined {
  for (const node of walk(expression, inner => !isFunction(inner))) {
    const names: string[] = []
    if (node.type === 'MemberExpression') {
      if (!node.computed) names.push(syntax.textOf(node.property))
      else names.push(`${lastName(syntax, node.object as Node)}[]`)
    } else if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression')
      names.push(`${lastName(syntax, node.callee.object as Node)}[]`)
    for (const name of names) {
      const writes = (fieldWritesIn(syntax).get(name) ?? []).filter(write => !contains(write, span.to))
      if (writes.length === 0) continue
      const own = writes.some(write => syntax.ownerOf(write) === span.owner && between(syntax, write, span))
      const what = name.endsWith('[]') ? `the elements of \`${name.slice(0, -2)}\`` : `\`${name}\``
      return { why: `${what} can have been changed since`, sure: own }
    }
  }
  return undefined
}

function lastName(syntax: Syntax, expression: Node): string {
  const node = unwrapped(expression)
  if (node.type === 'MemberExpression')
    return node.computed ? lastName(syntax, node.object as Node) : syntax.textOf(node.property)
  return node.type === 'Identifier' ? node.name : '?'
}

function fieldWritesIn(syntax: Syntax): Map<string, Node[]> {
  const known = fieldWrites.get(syntax)
  if (known) return known
  const table = new Map<string, Node[]>()
  const add = (name: string, node: Node) => {
    const list = table.get(name)
    if (list) list.push(node)
    else table.set(name, [node])
  }
  for (const node of walk(syntax.root)) {
    const target =
      node.type === 'AssignmentExpression'
        ? (node.left as Node)
        : node.type === 'UpdateExpression'
          ? (node.argument as Node)
          : undefined
    if (target?.type === 'MemberExpression') {
      if (initialises(syntax, node)) continue
      if (!target.computed) add(syntax.textOf(target.property), node)
      else if (isFunction(syntax.ownerOf(node))) add(`${lastName(syntax, target.object as Node)}[]`, node)
    } else if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const property = node.callee.property
      if (property.type === 'Identifier' && changing.has(property.name) && isPath(node.callee.object as Node))
        add(`${lastName(syntax, node.callee.object as Node)}[]`, node)
    }
  }
  fieldWrites.set(syntax, table)
  return table
}

/** Assignments that set a thing up: in a constructor, at the top level, or `x ??= …` on demand. */
function initialises(syntax: Syntax, write: Node): boolean {
  if (write.type === 'AssignmentExpression' && (write.operator === '??=' || write.operator === '||='))
    return true
  const owner = syntax.ownerOf(write)
  if (!isFunction(owner)) return loopAround(syntax, owner, write) === undefined
  const definition = syntax.parentOf(owner)
  if (definition?.type === 'MethodDefinition') return definition.kind === 'constructor'
  // `function Mutex() { this.cell = … }`, the constructor of before classes.
  return (
    owner.type === 'FunctionDeclaration' &&
    /^[A-Z]/.test(owner.id?.name ?? '') &&
    write.type === 'AssignmentExpression' &&
    write.left.type === 'MemberExpression' &&
    write.left.object.type === 'ThisExpression'
  )
}
