/** Whether a timer of the program that is still set can get at a lock: a watchdog that cancels, reclaims or widens. */
import { nodeOf, scopesFrom } from '../../heap/await-graph.ts'
import type { HeapNode } from '../../heap/graph.ts'
import { isFunction, type Node, walk } from '../../sources/syntax-tree.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import { isCleared } from './node-handles.ts'

/** A callback may call on so many functions, one through the other. */
const depthLimit = 3
/** Objects and functions that one callback is followed to. */
const mostReached = 400
const mostScopes = 32

/** The reason why others than its holders may let somebody in; undefined where no timer's code names the lock. */
export function reachedByTimer(
  waits: AsyncWaits,
  { owner, container, parts }: PromiseLock,
): string | undefined {
  const { heap } = waits.graph
  const own = new Set([container, ...(owner === undefined ? [] : [owner])])
  for (const part of parts) if (heap.kind(part) === 'object') own.add(part)
  for (const { line, reached } of timersOf(waits))
    if ([...own].some(node => reached.has(node)))
      return `a timer that is set calls code that can get at it (line ${line}) and may let somebody in`
  return undefined
}

interface TimerReach {
  readonly line: number
  readonly reached: ReadonlySet<HeapNode>
}

const known = new WeakMap<AsyncWaits, readonly TimerReach[]>()

function timersOf(waits: AsyncWaits): readonly TimerReach[] {
  const before = known.get(waits)
  if (before !== undefined) return before
  const { heap } = waits.graph
  const found = heap.instances('Timeout').flatMap((timer): readonly TimerReach[] => {
    const after = heap.value(timer, '_idleTimeout')
    const callback = nodeOf(heap, timer, '_onTimeout')
    // A timer that was cleared has no time left (lib/internal/timers.js).
    if (callback === undefined || (after?.kind === 'number' && after.value < 0) || isCleared(heap, timer))
      return []
    const given = nodeOf(heap, timer, '_timerArgs')
    const reached = new Set<HeapNode>()
    if (given !== undefined)
      for (const { kind, node } of heap.edges(given)) if (kind === 'element') reached.add(node)
    follow(waits, callback, reached, depthLimit)
    const line = heap.code(callback)?.place?.line
    return reached.size === 0 || line === undefined ? [] : [{ line, reached }]
  })
  known.set(waits, found)
  return found
}

/** Adds what the text of a function names, and what the functions among that name in their turn. */
function follow(waits: AsyncWaits, fn: HeapNode, reached: Set<HeapNode>, depth: number): void {
  const { heap } = waits.graph
  const source = waits.sources.ofNode(fn)
  if (source === undefined) {
    // `lock.cancel.bind(lock)`
    if (heap.kind(fn) === 'bound function')
      for (const { kind, node } of heap.edges(fn)) if (kind === 'internal') reached.add(node)
    return
  }
  const { names, members } = namesIn(source.syntax.textOf.bind(source.syntax), source.fn)
  const variables = scopesFrom(heap, nodeOf(heap, fn, 'context'), mostScopes)
  for (const name of names) {
    const node = variables.get(name)
    if (node !== undefined) add(node)
  }

  function add(node: HeapNode) {
    if (reached.has(node) || reached.size >= mostReached) return
    reached.add(node)
    if (/function$/.test(heap.kind(node))) {
      if (depth > 0) follow(waits, node, reached, depth - 1)
      return
    }
    for (const { kind, name, node: value } of heap.edges(node))
      if ((kind === 'property' && members.has(name)) || kind === 'element' || kind === 'entry') add(value)
  }
}

/** The free and own names of a function's text, `this` among them, and the members that it names. */
function namesIn(textOf: (node: Node) => string, fn: Node) {
  const names = new Set<string>()
  const members = new Set<string>()
  for (const node of walk(fn)) {
    if (node.type === 'ThisExpression') names.add('this')
    else if (node.type === 'Identifier') names.add(node.name)
    else if (node.type === 'MemberExpression' && !node.computed) members.add(textOf(node.property))
  }
  if (isFunction(fn) && fn.id) names.delete(fn.id.name)
  return { names, members }
}
