/**
 * Calls that have returned, with a promise that is still pending: `return lock.acquire(…)`. No function is suspended, and what the
 * call was made by waits for its promise all the same, with a callback that has the function at hand.
 */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { Activation, HeapNode } from '../../heap/graph.ts'
import { leavesOf, type Need, type Task } from '../../heap/tasks.ts'
import { isCall, isFunction, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource, FunctionSources } from './function-sources.ts'
import type { PendingCallback } from './pending-callbacks.ts'
import { scopesOf } from './scopes.ts'
import { calledThing, type SuspendedCode } from './suspended-code.ts'

const most = 200
const mostFollowed = 24

export interface ReturnedCall {
  readonly task: Task
  /** In the place of a suspended function. */
  readonly activation: Activation
  readonly code: SuspendedCode
  /** What runs when its promise is settled, or one that follows it. */
  readonly callbacks: readonly HeapNode[]
}

/** Those whose function is known, and which wait for nothing that a suspended function is about to do. */
export function returnedCalls(
  graph: AwaitGraph,
  sources: FunctionSources,
  callbacks: readonly PendingCallback[],
  needOf: (promise: HeapNode) => Need,
): readonly ReturnedCall[] {
  const found: ReturnedCall[] = []
  for (const { promise, callback } of callbacks) {
    if (found.length >= most) break
    const need = needOf(promise)
    // It was resolved with another promise, which somebody has still to settle.
    const isPassedOn = leavesOf(need).every(leaf => leaf.kind === 'settled' && leaf.promise !== promise)
    if (!isPassedOn) continue
    const fn = calledBy(graph, callback)
    const source = fn === undefined ? undefined : sources.ofNode(fn)
    const returned = source && returnedCall(source)
    if (fn === undefined || source === undefined || returned === undefined) continue
    const code = graph.heap.code(fn)!
    const activation: Activation = {
      node: promise,
      kind: 'async function',
      function: fn,
      code,
      receiver: { kind: 'undefined' },
      context: undefined,
      registers: [],
      parameters: 0,
      promises: [promise],
      at: { ...code.place!, ...source.syntax.lines.positionAt(returned.start) },
    }
    found.push({
      task: { activations: [activation], need, promise },
      activation,
      code: { source, suspension: returned, awaited: calledThing(returned), held: [] },
      callbacks: [callback],
    })
  }
  return joined(graph, found)
}

/** Promises of one function that follow each other are one call: that of the first of them. */
function joined(graph: AwaitGraph, found: readonly ReturnedCall[]): readonly ReturnedCall[] {
  const calls = new Map<HeapNode, ReturnedCall>()
  for (const one of found) {
    const before = firstOf(graph, one, found)
    const known = calls.get(before.activation.node) ?? { ...before, callbacks: [] }
    calls.set(before.activation.node, { ...known, callbacks: [...known.callbacks, ...one.callbacks] })
  }
  return [...calls.values()]
}

function firstOf(graph: AwaitGraph, call: ReturnedCall, all: readonly ReturnedCall[]): ReturnedCall {
  let first = call
  const seen = new Set([call.activation.node])
  for (const promise of seen) {
    if (seen.size > mostFollowed) break
    first = all.find(one => one.activation.node === promise && isSame(one, call)) ?? first
    for (const one of graph.settlements(promise)) if (one.by === 'promise') seen.add(one.promise)
  }
  return first
}

function isSame(one: ReturnedCall, other: ReturnedCall): boolean {
  return one.activation.function === other.activation.function
}

/** The only function of another script that the callback has in a scope: what it was made to run. */
function calledBy({ heap }: AwaitGraph, callback: HeapNode): HeapNode | undefined {
  const own = heap.code(callback)?.place?.scriptId
  const found = new Set<HeapNode>()
  for (const scope of scopesOf(heap, callback)) {
    for (const { kind, node } of heap.edges(scope)) {
      const place = kind === 'variable' && heap.kind(node) === 'function' ? heap.code(node)?.place : undefined
      if (place !== undefined && place.scriptId !== own && !/node_modules|^node:/.test(place.script))
        found.add(node)
    }
  }
  return found.size === 1 ? [...found][0] : undefined
}

/** The call whose promise a function returns, where there is one only. */
function returnedCall({ fn }: FunctionSource): Node | undefined {
  if (!isFunction(fn)) return undefined
  const body =
    fn.type === 'ArrowFunctionExpression' && fn.body.type !== 'BlockStatement' ? [fn.body as Node] : []
  const returned = [...walkOwn(fn)].flatMap(node =>
    node.type === 'ReturnStatement' && node.argument ? [node.argument as Node] : [],
  )
  const calls = [...body, ...returned].map(unwrapped).filter(isCall)
  return calls.length === 1 ? calls[0] : undefined
}
