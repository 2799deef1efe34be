/**
 * What the text of a suspended function says about the place where it stands: the call that it awaits, what it acquired
 * before and will give back afterwards. Nothing is known here of any lock: a call that is awaited, and a later one on the
 * same thing, or on what the first one gave.
 */
import { isCall, isFunction, isLoop, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'
import { isGivenAway } from './given-away.ts'

/** A call of a method of something, or of a function. */
export interface CalledThing {
  readonly node: Node
  /** The expression before the dot; for a plain call the function itself. */
  readonly target: Node
  /** The method's name; empty for a plain call. */
  readonly method: string
  readonly arguments: readonly Node[]
}

/** A call that was awaited before, and what of its function gives back what it gave. */
export interface Acquisition {
  readonly call: CalledThing
  readonly release: CalledThing
  /** Released in a `finally`, or by a `using` declaration, whatever comes. */
  readonly certain: boolean
}

export interface SuspendedCode {
  readonly source: FunctionSource
  /** The `await`, `yield` or `for await` at which it stands. */
  readonly suspension: Node
  /** The call whose result it awaits, where it awaits one. */
  readonly awaited: CalledThing | undefined
  /** What it acquired before and has not given back. */
  readonly held: readonly Acquisition[]
}

/** Names of methods that give back what was acquired, in the libraries and in hand-written locks. */
const giving =
  /^[#_]*(?:release\w*|unlock\w*|un(?:hold|block)|leave|exit|free|signal|post|give(?:Back|back)?|put(?:Back)?|return(?:Object|Connection)?|checkin|checkIn|done|finish\w*|dispose|close|end|shift|destroy|up|v|V|decrement)$/

export function suspendedCode(source: FunctionSource, offset: number): SuspendedCode | undefined {
  const suspension = suspensionAt(source, offset)
  if (suspension === undefined) return undefined
  const awaited = suspension.type === 'ForOfStatement' ? undefined : operandOf(suspension)
  return { source, suspension, awaited: awaited && calledThing(awaited), held: heldAt(source, suspension) }
}

/** Where the function stands, when it can stand at one place only. */
export function onlySuspension(source: FunctionSource): number | undefined {
  const all = [...walkOwn(source.fn)].filter(node => suspends(node))
  return all.length === 1 ? all[0]!.start : undefined
}

export function suspends(node: Node): boolean {
  return (
    node.type === 'AwaitExpression' ||
    node.type === 'YieldExpression' ||
    (node.type === 'ForOfStatement' && node.await)
  )
}

function suspensionAt({ syntax, fn }: FunctionSource, offset: number): Node | undefined {
  let best: Node | undefined
  for (const node of walkOwn(fn)) {
    if (!suspends(node) || node.start > offset || node.end < offset) continue
    if (node.type === 'ForOfStatement' && offset > node.right.end) continue
    // V8 tells the first character of the expression; the innermost one around is next best.
    if (best === undefined || node.start === offset || best.start !== offset) best = node
  }
  return best ?? (isFunction(fn) ? undefined : topLevelSuspension(syntax.root, offset))
}

/** A declaration `await using` waits at its end. */
function topLevelSuspension(root: Node, offset: number): Node | undefined {
  return [...walkOwn(root)].find(node => suspends(node) && node.start <= offset && offset <= node.end)
}

export function operandOf(node: Node): Node | undefined {
  if (node.type !== 'AwaitExpression' && node.type !== 'YieldExpression') return undefined
  const operand = node.argument && unwrapped(node.argument as Node)
  // `pool.acquire().promise`
  if (operand?.type === 'MemberExpression' && isCall(unwrapped(operand.object as Node)))
    return unwrapped(operand.object as Node)
  return operand ?? undefined
}

/** `x.m(…)`, `f(…)`, `(0, x.m)(…)`; also what is done with the promise at once: `x.m(…).then(…)`. */
export function calledThing(node: Node): CalledThing | undefined {
  if (!isCall(node) || node.type === 'NewExpression') return undefined
  let callee = unwrapped(node.callee as Node)
  if (callee.type === 'SequenceExpression') callee = unwrapped(callee.expressions.at(-1) as Node)
  const given = node.arguments as Node[]
  if (callee.type !== 'MemberExpression') return { node, target: callee, method: '', arguments: given }
  const method = nameOfProperty(callee)
  if (method === undefined) return undefined
  const inner = unwrapped(callee.object as Node)
  if (/^(?:then|catch|finally)$/.test(method) && isCall(inner)) return calledThing(inner)
  return { node, target: inner, method, arguments: given }
}

export function nameOfProperty(node: Extract<Node, { type: 'MemberExpression' }>): string | undefined {
  const { property } = node
  if (property.type === 'PrivateIdentifier') return `#${property.name}`
  if (!node.computed && property.type === 'Identifier') return property.name
  return property.type === 'Literal' ? String(property.value) : undefined
}

function heldAt(source: FunctionSource, suspension: Node): readonly Acquisition[] {
  const own = [...walkOwn(source.fn)]
  const calls = own.flatMap(node =>
    isCall(node) ? (calledThing(node)?.node === node ? [calledThing(node)!] : []) : [],
  )
  const held: Acquisition[] = []
  for (const node of own) {
    if (node.end > suspension.start || !suspends(node)) continue
    const operand = operandOf(node)
    const call = operand && calledThing(operand)
    if (call === undefined || !isAlways(source, node, suspension)) continue
    const names = boundNames(source, node)
    const releases = calls.filter(one => releasesWhat(source, call, names, one))
    if (releases.some(one => isGivenAway(source, one, node, suspension))) continue
    const given = releases.some(
      ({ node: release }) =>
        release.start >= node.end && release.end <= suspension.start && isAlways(source, release, suspension),
    )
    if (given) continue
    const declaration = usingDeclaration(source, node, suspension)
    if (declaration) {
      held.push({ call, release: { ...call, node: declaration }, certain: true })
      continue
    }
    const later = releases.filter(({ node: release }) => comesAfter(source, release, suspension))
    const certain = later.find(({ node: release }) => inFinally(source, release, suspension))
    const release = certain ?? later[0]
    if (release !== undefined) held.push({ call, release, certain: certain !== undefined })
  }
  return held
}

/** Whether a call gives back what `acquired` gave: by a method of the same thing, by what it gave, or by handing that back. */
function releasesWhat(
  { syntax }: FunctionSource,
  acquired: CalledThing,
  names: ReadonlySet<string>,
  call: CalledThing,
): boolean {
  if (call.node === acquired.node) return false
  const text = (node: Node) => syntax.textOf(unwrapped(node)).replace(/\s+/g, '')
  const onGiven = names.has(text(call.target))
  if (onGiven) return call.method === '' || giving.test(call.method)
  if (acquired.method === '' || text(call.target) !== text(acquired.target)) return false
  if (call.method === acquired.method) return false
  return giving.test(call.method) || call.arguments.some(one => names.has(text(one)))
}

/** What the awaited value is called afterwards: `release`, `this.release`. */
export function boundNames({ syntax }: FunctionSource, awaited: Node): ReadonlySet<string> {
  const names = new Set<string>()
  let value: Node = awaited
  let parent = syntax.parentOf(value)
  while (parent && (parent.type === 'ParenthesizedExpression' || parent.type === 'ChainExpression')) {
    value = parent
    parent = syntax.parentOf(value)
  }
  // `const [release] = [await …]` is nobody's style; a member of the value is: `(await lock()).release`.
  if (parent?.type === 'MemberExpression') parent = syntax.parentOf(parent)
  const pattern =
    parent?.type === 'VariableDeclarator'
      ? (parent.id as Node)
      : parent?.type === 'AssignmentExpression'
        ? (parent.left as Node)
        : undefined
  if (pattern === undefined) return names
  if (pattern.type === 'MemberExpression') names.add(syntax.textOf(pattern).replace(/\s+/g, ''))
  else for (const node of walkOwn(pattern)) if (node.type === 'Identifier') names.add(node.name)
  return names
}

/** `using lock = await mutex.acquire()`: given back at the end of its block, in which the function still stands. */
function usingDeclaration({ syntax }: FunctionSource, awaited: Node, suspension: Node): Node | undefined {
  const declarator = syntax.parentOf(awaited)
  const declaration = declarator && syntax.parentOf(declarator)
  if (declaration?.type !== 'VariableDeclaration' || !/using$/.test(declaration.kind)) return undefined
  const block = syntax.parentOf(declaration)
  return block && contains(block, suspension) ? declaration : undefined
}

/** Whether a node runs whenever its function comes from it to `suspension`: no branch lies between that leaves it out. */
export function isAlways({ syntax, fn }: FunctionSource, node: Node, suspension: Node): boolean {
  for (let at: Node = node; at !== fn; ) {
    const parent = syntax.parentOf(at)
    if (parent === undefined) return true
    if (isBranch(parent, at) && !contains(at, suspension)) return false
    at = parent
  }
  return true
}

function isBranch(parent: Node, child: Node): boolean {
  switch (parent.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      return child !== parent.test
    case 'LogicalExpression':
      return child !== parent.left
    case 'SwitchCase':
    case 'CatchClause':
      return true
    default:
      return isLoop(parent) && 'body' in parent && child === parent.body
  }
}

/** Whether it runs after the function has gone on: later in the text, and not in a branch that is for failures only. */
export function comesAfter(source: FunctionSource, release: Node, suspension: Node): boolean {
  if (inFinally(source, release, suspension)) return true
  return release.start >= suspension.end && isAlways(source, release, suspension)
}

/** In the `finally` of a `try` that it stands in. */
export function inFinally({ syntax, fn }: FunctionSource, release: Node, suspension: Node): boolean {
  for (let at: Node | undefined = release; at && at !== fn; at = syntax.parentOf(at)) {
    const parent: Node | undefined = syntax.parentOf(at)
    if (parent?.type !== 'TryStatement' || parent.finalizer !== at) continue
    if (contains(parent.block as Node, suspension)) return true
    if (parent.handler && contains(parent.handler as Node, suspension)) return true
  }
  return false
}

function contains(outer: Node, inner: Node): boolean {
  return outer.start <= inner.start && inner.end <= outer.end
}
