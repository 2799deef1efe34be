import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import {
  type CallNode,
  childrenOf,
  isCall,
  isFunction,
  isLoop,
  type Node,
} from '../../sources/syntax-tree.ts'
import { type Acquiring, acquiringBy, type Change, changeBy } from './acquiring.ts'
import { canonicalText } from './constants.ts'
import { type Operation, operationOf, writes } from './operations.ts'

/** A place in a function that may take or give back a lock. */
export type Step = AcquireStep | TryStep | ChangeStep | CallStep

interface WordStep {
  /** The typed array and the index of the lock's word. */
  readonly array: Node
  readonly index: Node
  /** The node whose end completes the step: its place in the order of things. */
  readonly completes: Node
}

/** Waits until the lock is taken (rules A1 to A5), or spins until it is. */
export interface AcquireStep extends WordStep {
  readonly kind: 'acquire'
  readonly acquiring: Acquiring
  /** The operations that can take the word; the step is unconditional when any of them is (rule A3). */
  readonly takings: readonly Operation[]
  /** The calls of `Atomics.wait` in it; none when it spins or parks in a helper (rule A6). */
  readonly wait: Operation | undefined
  /** The loop around the wait, or the waiting call itself. */
  readonly region: Node
}

/** Takes the lock if it is free, and tells by its value. */
export interface TryStep extends WordStep {
  readonly kind: 'try'
  readonly acquiring: Acquiring
  readonly taking: Operation
  readonly change: Change
}

/** Writes the word without taking it: a release, as far as a hold of that word is concerned. */
export interface ChangeStep extends WordStep {
  readonly kind: 'change'
  readonly operation: Operation
  readonly change: Change
}

/** Calls something that may do any of this. */
export interface CallStep {
  readonly kind: 'call'
  readonly call: CallNode
  readonly completes: Node
}

/** What a function (or program) does with locks, as its source says, in the order in which its parts complete. */
export interface FunctionSteps {
  readonly owner: Node
  readonly steps: readonly Step[]
  readonly operations: readonly Operation[]
  /** Waits that take no lock: conditions, jobs, answers. */
  readonly events: readonly Operation[]
}

const known = new WeakMap<Node, FunctionSteps>()

export function stepsOf(syntax: Syntax, owner: Node): FunctionSteps {
  const before = known.get(owner)
  if (before) return before
  const order = completionOrder(owner)
  const operations: Operation[] = []
  const calls: CallNode[] = []
  for (const node of order.keys()) {
    if (!isCall(node)) continue
    const operation = operationOf(syntax, node)
    if (operation) operations.push(operation)
    else calls.push(node)
  }
  const keys = new Map(operations.map(one => [one, keyOf(syntax, one)]))
  const taken = new Set<Operation>()
  const steps: Step[] = []
  const events: Operation[] = []
  const ends: { key: string; at: number }[] = []

  for (const wait of operations.filter(one => one.name === 'wait' || one.name === 'waitAsync')) {
    const region = regionOf(syntax, owner, wait, operations, one => keys.get(one) === keys.get(wait))
    const end = order.get(region)!
    const key = keys.get(wait)!
    const from = Math.max(-1, ...ends.filter(one => one.key === key && one.at < end).map(one => one.at))
    const inLoop = (one: Operation) => region !== wait.call && contains(region, one.call)
    const candidates = operations.filter(
      one => writes(one) && order.get(one.call)! < end && order.get(one.call)! > from && !taken.has(one),
    )
    const acquire = acquireFor(syntax, wait, region, candidates, inLoop, one => keys.get(one) === key)
    if (!acquire) {
      events.push(wait)
      continue
    }
    ends.push({ key, at: end })
    for (const one of acquire.takings) taken.add(one)
    // `1 → 2` before the wait marks the word as contended; it is part of acquiring it.
    for (const one of candidates)
      if (keys.get(one) === key && inLoop(one) && one.name === 'compareExchange') taken.add(one)
    steps.push(acquire)
  }
  for (const operation of operations) {
    if (!writes(operation) || taken.has(operation)) continue
    const { array, index, call } = operation
    const acquiring = acquiringBy(syntax, operation)
    const change = changeBy(syntax, operation)
    const canTake = acquiring && !acquiring.consuming && operation.name !== 'sub'
    const loop = canTake && loopAround(syntax, owner, call)
    if (canTake && loop && decidesLoop(syntax, loop, call))
      steps.push({
        kind: 'acquire',
        array,
        index,
        acquiring,
        takings: [operation],
        wait: undefined,
        region: loop,
        completes: loop,
      })
    else if (canTake)
      steps.push({ kind: 'try', array, index, acquiring, taking: operation, change, completes: call })
    else steps.push({ kind: 'change', array, index, operation, change, completes: call })
  }
  for (const call of calls) steps.push({ kind: 'call', call, completes: call })
  steps.sort((left, right) => order.get(left.completes)! - order.get(right.completes)!)
  const facts = { owner, steps, operations, events }
  known.set(owner, facts)
  return facts
}

/**
 * The loop that a wait belongs to: the innermost, or the one around it that a take of the same word ends
 * (`do { while (load(…) === 0) wait(…) } while (compareExchange(…) !== n)`).
 */
function regionOf(
  syntax: Syntax,
  owner: Node,
  wait: Operation,
  operations: readonly Operation[],
  sameWord: (one: Operation) => boolean,
): Node {
  const innermost = loopAround(syntax, owner, wait.call) ?? wait.call
  const takes = (loop: Node) =>
    operations.some(
      one =>
        one.name === 'compareExchange' &&
        sameWord(one) &&
        contains(loop, one.call) &&
        decidesLoop(syntax, loop, one.call) &&
        acquiringBy(syntax, one) !== undefined,
    )
  if (takes(innermost)) return innermost
  const outer = innermost === wait.call ? undefined : loopAround(syntax, owner, innermost, innermost)
  return outer && takes(outer) ? outer : innermost
}

/** Rules A1 to A5: which operations make a wait the slow path of an acquisition. */
function acquireFor(
  syntax: Syntax,
  wait: Operation,
  region: Node,
  candidates: readonly Operation[],
  inLoop: (one: Operation) => boolean,
  sameWord: (one: Operation) => boolean,
): AcquireStep | undefined {
  const step = (acquiring: Acquiring, takings: readonly Operation[], word: Operation): AcquireStep => ({
    kind: 'acquire',
    array: word.array,
    index: word.index,
    acquiring,
    takings,
    wait,
    region,
    completes: region,
  })
  // A1: the same word is taken; inside the loop, or before it as the fast path (A3).
  const own = candidates.filter(one => sameWord(one) && (one.name !== 'sub' || inLoop(one)))
  const ways = own.flatMap(one => {
    const acquiring = acquiringBy(syntax, one)
    return acquiring ? [{ one, acquiring, inLoop: inLoop(one) }] : []
  })
  ways.sort((left, right) => rank(left) - rank(right))
  if (ways[0]) {
    const { acquiring } = ways[0]
    const takings = ways.filter(way => way.acquiring.consuming === acquiring.consuming).map(way => way.one)
    return step(acquiring, takings, wait)
  }
  // A4: a ticket is drawn from another word, and the loop waits until it is called.
  const ticket = candidates.find(
    one => one.name === 'add' && !inLoop(one) && resultTested(syntax, one, region),
  )
  if (ticket)
    return step({ lock: 'ticket lock', mode: 'exclusive', plain: false, consuming: false }, [ticket], wait)
  // A5: the word taken and the word waited on are two words of one array.
  const array = canonicalText(syntax, wait.array)
  for (const one of candidates) {
    if (!inLoop(one) || canonicalText(syntax, one.array) !== array) continue
    const acquiring = acquiringBy(syntax, one)
    if (acquiring && !acquiring.consuming) return step({ ...acquiring, plain: false }, [one], one)
  }
  return undefined
}

function rank(way: { acquiring: Acquiring; inLoop: boolean }): number {
  return (way.acquiring.consuming ? 8 : 0) + (way.acquiring.plain ? 0 : 2) + (way.inLoop ? 0 : 1)
}

/** Whether the variable that holds an operation's result stands in the loop's test or in a test inside the loop. */
function resultTested(syntax: Syntax, operation: Operation, region: Node): boolean {
  const holder = syntax.parentOf(operation.call)
  const name =
    holder?.type === 'VariableDeclarator' && holder.id.type === 'Identifier'
      ? holder.id.name
      : holder?.type === 'AssignmentExpression' && holder.left.type === 'Identifier'
        ? holder.left.name
        : undefined
  if (!name || !isLoop(region)) return false
  const declaration = declarationOf(syntax, name, operation.call)
  const pattern = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`)
  return declaration !== undefined && pattern.test(syntax.textOf(region))
}

/** A loop that is left by what the operation gives: it is its test, or an `if` on it breaks out or returns. */
export function decidesLoop(syntax: Syntax, loop: Node, call: CallNode): boolean {
  if (!isLoop(loop)) return false
  const test = loop.type === 'ForInStatement' || loop.type === 'ForOfStatement' ? undefined : loop.test
  if (test && contains(test as Node, call)) return true
  for (const node of syntax.ancestors(call)) {
    if (node === loop) return false
    if (node.type === 'ReturnStatement') return true
    if (node.type === 'IfStatement' && contains(node.test as Node, call))
      return /\b(break|return)\b/.test(syntax.textOf(node.consequent))
  }
  return false
}

/** The innermost loop around a node inside its function. */
export function loopAround(syntax: Syntax, owner: Node, node: Node, beyond?: Node): Node | undefined {
  for (const at of syntax.ancestors(node)) {
    if (at === beyond) continue
    if (at === owner || isFunction(at)) return undefined
    if (isLoop(at)) return at
  }
  return undefined
}

export function contains(
  outer: { start: number; end: number },
  inner: { start: number; end: number },
): boolean {
  return outer.start <= inner.start && inner.end <= outer.end
}

function keyOf(syntax: Syntax, operation: Operation): string {
  return `${canonicalText(syntax, operation.array)}|${canonicalText(syntax, operation.index)}`
}

/** The nodes of a function's own code, each with its place in the order of completion. */
export function completionOrder(owner: Node): Map<Node, number> {
  const order = new Map<Node, number>()
  const stack: { node: Node; entered: boolean }[] = [{ node: owner, entered: false }]
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.entered || (isFunction(top.node) && top.node !== owner)) {
      order.set(top.node, order.size)
      continue
    }
    stack.push({ node: top.node, entered: true })
    const children = childrenOf(top.node)
    for (let index = children.length - 1; index >= 0; index--)
      stack.push({ node: children[index]!, entered: false })
  }
  return order
}
