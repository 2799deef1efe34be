/**
 * Pairs of calls around the place where a function stands, one that was awaited and one that is to come, which may be the
 * acquisition and the release of one thing. Names of methods do not count here: whether a pair is one is for the lock to tell.
 */
import { isCall, isFunction, type Node, unwrapped, walk, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'
import { isGivenAway } from './given-away.ts'
import {
  boundNames,
  type CalledThing,
  calledThing,
  comesAfter,
  inFinally,
  isAlways,
  operandOf,
  suspends,
} from './suspended-code.ts'

export interface CallPair {
  readonly call: CalledThing
  readonly release: CalledThing
  /**
   * `thing`: both name it (`lock(fork)` and `drop(fork)`, `this.#enter()` and `this.#queue.shift()`); `value`: the release is a
   * method of what was awaited; `handed back`: the release is given what was awaited; `list`: the waiter was put into a list, and
   * the release is a function without arguments, which may take the next one from it.
   */
  readonly by: 'thing' | 'value' | 'handed back' | 'list'
  /** The expression for the thing, or for what was awaited. */
  readonly of: Node
  /** Released in a `finally`. */
  readonly certain: boolean
  /** The waiter was put into the list by this very function: `await new Promise(r => queue.push(r))`. */
  readonly inline: boolean
  /** Other calls on what was awaited, before the function came to stand here. */
  readonly since: readonly CalledThing[]
}

export function callPairs(source: FunctionSource, suspension: Node): readonly CallPair[] {
  const own = [...walkOwn(source.fn)]
  const calls = own.flatMap(node => {
    const called = isCall(node) ? calledThing(node) : undefined
    return called !== undefined && called.node === node ? [called] : []
  })
  const later = calls.filter(({ node }) => comesAfter(source, node, suspension))
  if (later.length === 0) return []
  const pairs: CallPair[] = []
  for (const node of own) {
    if (node.end > suspension.start || !suspends(node)) continue
    const operand = operandOf(node)
    const inline = operand && putIn(operand)
    const call = inline ?? (operand && calledThing(operand))
    // Whether one has to wait in the list depends; afterwards one is in, waited or not.
    if (call === undefined || !(inline !== undefined || isAlways(source, node, suspension))) continue
    const names = boundNames(source, node)
    for (const release of later) {
      const pair = paired(source, call, release, names, inline !== undefined)
      if (pair === undefined) continue
      const isDone = calls.some(
        one =>
          one.node.start >= node.end &&
          one.node.end <= suspension.start &&
          one.method === release.method &&
          text(source, one.target) === text(source, release.target) &&
          isAlways(source, one.node, suspension),
      )
      if (isDone || isGivenAway(source, release, node, suspension)) continue
      pairs.push({
        call,
        release,
        ...pair,
        certain: inFinally(source, release.node, suspension),
        inline: inline !== undefined,
        since: calls.filter(
          one =>
            one.node.start >= node.end &&
            one.node.end <= suspension.start &&
            names.has(text(source, one.target)),
        ),
      })
    }
  }
  return pairs
}

function paired(
  source: FunctionSource,
  call: CalledThing,
  release: CalledThing,
  names: ReadonlySet<string>,
  inline: boolean,
): Pick<CallPair, 'by' | 'of'> | undefined {
  const isNamed = (node: Node) => names.has(text(source, node))
  if (release.method !== '' && isNamed(release.target)) return { by: 'value', of: release.target }
  const given = release.arguments.find(isNamed)
  if (given !== undefined) return { by: 'handed back', of: given }
  if (call.method === release.method && text(source, call.target) === text(source, release.target))
    return undefined
  const asked = thingsOf(call)
  for (const thing of thingsOf(release)) {
    const same = asked.find(one => sharedPart(source, one, thing, inline) !== undefined)
    if (same !== undefined) return { by: 'thing', of: sharedPart(source, same, thing, inline)! }
  }
  // `waiting.push(resolve)`, and later on `release()`, which has nothing of it in its text.
  if (inline && release.method === '' && release.arguments.length === 0 && isThing(unwrapped(call.target)))
    return { by: 'list', of: call.target }
  return undefined
}

/** What a call is about: what it is made on, and the first things that it is given. */
function thingsOf({ target, method, arguments: given }: CalledThing): readonly Node[] {
  const things = method === '' ? given.slice(0, 2) : [target, ...given.slice(0, 2)]
  return things.map(unwrapped).filter(isThing)
}

function isThing(node: Node): boolean {
  return (
    node.type === 'Identifier' ||
    node.type === 'MemberExpression' ||
    node.type === 'ThisExpression' ||
    (node.type === 'Literal' && typeof node.value === 'string')
  )
}

/** The same expression, or the object of which the other one is a field: `this` of `this` and `this.#queue`. */
function sharedPart(source: FunctionSource, one: Node, other: Node, inline: boolean): Node | undefined {
  const [a, b] = [text(source, one), text(source, other)]
  if (a === b) return one
  if (!inline && one.type !== 'ThisExpression') return undefined
  if (a.startsWith(`${b}.`)) return other
  return b.startsWith(`${a}.`) ? one : undefined
}

/** `new Promise(resolve => queue.push(resolve))`: the call that is given the resolving function, or something with it. */
export function putIn(node: Node): CalledThing | undefined {
  if (node.type !== 'NewExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'Promise')
    return undefined
  const executor = node.arguments[0] as Node | undefined
  const resolver = executor && isFunction(executor) ? executor.params[0] : undefined
  if (executor === undefined || resolver?.type !== 'Identifier') return undefined
  for (const inner of walk(executor)) {
    const called = isCall(inner) ? calledThing(inner) : undefined
    if (called === undefined || called.node !== inner || called.method === '') continue
    if (called.arguments.some(one => refersTo(one, resolver.name))) return called
  }
  return undefined
}

function refersTo(root: Node, name: string): boolean {
  for (const node of walk(root)) if (node.type === 'Identifier' && node.name === name) return true
  return false
}

function text({ syntax }: FunctionSource, node: Node): string {
  return syntax.textOf(unwrapped(node)).replace(/\s+/g, '').replace(/\?\./g, '.')
}
