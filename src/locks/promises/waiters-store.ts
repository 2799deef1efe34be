/**
 * The thing in which waiters are kept, found from the resolving function of one of them: outwards over objects and lists to
 * the object whose method is awaited. A queue for each key of one object is a store of its own.
 */
import { nodeOf } from '../../heap/await-graph.ts'
import type { HeapEdge, HeapGraph, HeapNode } from '../../heap/graph.ts'
import { isModuleScope } from './module-scope.ts'
import type { Step } from './resolver-reach.ts'
import { scopeChain, scopesOf, variablesIn } from './scopes.ts'

/** One object on the way outwards, with how it refers to the one before. */
export interface Part {
  readonly node: HeapNode
  readonly edge: HeapEdge
  readonly depth: number
  readonly inner: HeapNode
}

export interface WaitersStore {
  /** Identity: two with the same one wait for the same thing. */
  readonly container: HeapNode
  /** The object whose method the waiters called; undefined where they called a function. */
  readonly owner: HeapNode | undefined
  /** The container, its owners and the scopes that it lives in. */
  readonly parts: ReadonlySet<HeapNode>
  /** Those of them that may have a number which says how many it lets in. */
  readonly counting: ReadonlySet<HeapNode>
  /** The entry of a table of queues that this one is; its name where it is a text. */
  readonly key: string | undefined
  readonly keyed: boolean
  /** The fields on the way, the innermost first: `_queue`, `_semaphore`. */
  readonly fields: readonly string[]
  /** The same, with the variables that refer to any of them: by these the lock's own code names what it takes waiters from. */
  readonly names: readonly string[]
  /** Functions on the way: what waits to be run. */
  readonly functions: readonly HeapNode[]
}

const deepest = 9
const mostParts = 80

/**
 * `methods` are the names of the calls by which the waiter came to wait, `isStatic` tells whether a field's name stands in the
 * source, rather than being made at run time; `given` are objects that functions were called with for that.
 */
export function waitersStore(
  heap: HeapGraph,
  start: Step,
  methods: ReadonlySet<string>,
  isStatic: (name: string) => boolean,
  given: ReadonlySet<HeapNode>,
): WaitersStore {
  const way = outwards(heap, start)
  const owner = way.find(
    ({ node }) =>
      heap.kind(node) === 'object' &&
      (given.has(node) || [...methods].some(method => heap.has(node, method))),
  )
  const within = (part: Part) => owner === undefined || part.depth < owner.depth
  const collection = way.find(part => isCollection(heap, part.node) && within(part))
  const objects = way.filter(({ node }) => heap.kind(node) === 'object')
  // Of a list of nodes, what a variable refers to; else the outermost there is.
  const top = objects.findLast(({ node }) => heap.retainers(node).some(isVariable)) ?? objects.at(-1)
  const container = collection?.node ?? owner?.node ?? top?.node ?? start.node
  const at = way.find(({ node }) => node === container)?.depth ?? 0
  const table = way.find(
    part => part.depth > 0 && part.inner === container && within(part) && isTable(heap, part, isStatic),
  )
  // What the lock keeps inside tells nothing about how many it lets in.
  const outer = way.filter(part => part.depth >= (owner?.depth ?? at))
  return {
    container,
    owner: owner?.node,
    parts: new Set(way.filter(({ depth }) => depth >= at).map(({ node }) => node)),
    counting: new Set(
      outer
        .filter(({ node }) => heap.kind(node) === (owner === undefined ? 'context' : 'object'))
        .map(({ node }) => node),
    ),
    keyed: table !== undefined,
    key: table === undefined || table.edge.name === '' ? undefined : table.edge.name,
    fields: [...new Set(way.filter(({ edge }) => edge.kind === 'property').map(({ edge }) => edge.name))],
    names: namesOf(heap, owner === undefined ? way : way.filter(part => part.depth <= owner.depth)),
    functions: functionsBefore(heap, start),
  }
}

/** What tells nothing of a lock: the object that one is in, and the functions by which a waiter goes on. */
const nameless = ['this', '_this', 'thisArg', 'self', 'that', 'resolve', 'reject']

function namesOf(heap: HeapGraph, way: readonly Part[]): readonly string[] {
  const names = new Set<string>()
  for (const { node, edge } of way) {
    if (edge.kind === 'property' || edge.kind === 'variable') names.add(edge.name)
    if (heap.kind(node) === 'context') continue
    for (const { kind, name } of heap.retainers(node))
      if (kind === 'variable' && name !== 'this') names.add(name)
  }
  for (const name of nameless) names.delete(name)
  return [...names]
}

/** Objects, lists and scopes around a step, nearest first. */
function outwards(heap: HeapGraph, start: Step): readonly Part[] {
  const parts: Part[] = [
    { node: start.node, edge: start.edge, depth: 0, inner: start.before?.node ?? start.node },
  ]
  const seen = new Set([start.node])
  for (let at = 0; at < parts.length && parts.length < mostParts; at++) {
    const { node, depth } = parts[at]!
    if (depth >= deepest || heap.kind(node) === 'context') continue
    for (const edge of heap.retainers(node)) {
      if (seen.has(edge.node) || !owns(heap, edge)) continue
      seen.add(edge.node)
      parts.push({ node: edge.node, edge, depth: depth + 1, inner: node })
    }
  }
  return parts
}

function owns(heap: HeapGraph, edge: HeapEdge): boolean {
  const kind = heap.kind(edge.node)
  if (kind === 'context') return edge.kind === 'variable' && !isModuleScope(heap, edge.node)
  if (kind === 'object') {
    // A prototype has a constructor of its own.
    return edge.kind === 'property' && heap.value(edge.node, 'constructor') === undefined
  }
  return (kind === 'array' || kind === 'map' || kind === 'set') && edge.kind !== 'internal'
}

function isVariable({ kind }: HeapEdge): boolean {
  return kind === 'variable'
}

function isCollection(heap: HeapGraph, node: HeapNode): boolean {
  const kind = heap.kind(node)
  return kind === 'array' || kind === 'map' || kind === 'set'
}

/** An object that is used as a map, a Map, or a list of queues. */
function isTable(heap: HeapGraph, { node, edge }: Part, isStatic: (name: string) => boolean): boolean {
  if (isCollection(heap, node)) return true
  const name = heap.className(node)
  return heap.kind(node) === 'object' && (name === 'Object' || name === '') && !isStatic(edge.name)
}

/**
 * Whether an object is the lock, or a plain one made of its functions: `{ lock, unlock }` around the scope that the waiters are
 * kept in.
 */
export function isOfStore(
  heap: HeapGraph,
  node: HeapNode,
  method: string,
  parts: ReadonlySet<HeapNode>,
): boolean {
  if (parts.has(node)) return true
  const kind = heap.kind(node)
  const called =
    kind === 'function' || kind === 'bound function'
      ? node
      : method === ''
        ? undefined
        : nodeOf(heap, node, method)
  return called !== undefined && scopesOf(heap, called).some(scope => parts.has(scope))
}

/**
 * Whether a function runs in a scope of the lock, in one with a variable for it, or bound to it; of a queue with a key, for that
 * key.
 */
export function livesIn(
  heap: HeapGraph,
  node: HeapNode,
  { parts, keyed, key }: Pick<WaitersStore, 'parts' | 'keyed' | 'key'>,
): boolean {
  const bound = heap.kind(node) === 'bound function' ? nodeOf(heap, node, 'this') : undefined
  let lives = bound !== undefined && parts.has(bound)
  let isKey = !keyed
  for (const scope of scopesOf(heap, node)) {
    lives ||= parts.has(scope)
    const { nodes } = variablesIn(heap, scope)
    lives ||= haveCommon(nodes, parts)
    isKey ||= key !== undefined && [...nodes].some(variable => heap.text(variable) === key)
  }
  return lives && isKey
}

/** Whether a variable of a function's scopes or of its module, of one of the names that the lock goes by, is a part of it. */
export function reachesByName(
  heap: HeapGraph,
  node: HeapNode,
  { names, parts, keyed }: Pick<WaitersStore, 'names' | 'parts' | 'keyed'>,
): boolean {
  // Of a table of queues it does not tell which one.
  if (keyed) return false
  return scopeChain(heap, node).some(scope => {
    const { nodes, byName } = variablesIn(heap, scope)
    return haveCommon(nodes, parts) && names.some(name => parts.has(byName.get(name) ?? -1))
  })
}

function haveCommon(some: ReadonlySet<HeapNode>, others: ReadonlySet<HeapNode>): boolean {
  const [fewer, more] = some.size < others.size ? [some, others] : [others, some]
  for (const one of fewer) if (more.has(one)) return true
  return false
}

/** The functions on the way to a step. */
export function functionsBefore(heap: HeapGraph, start: Step): readonly HeapNode[] {
  const functions: HeapNode[] = []
  for (let at: Step | undefined = start; at !== undefined; at = at.before) {
    const kind = heap.kind(at.node)
    if (kind === 'function' || kind === 'bound function') functions.push(at.node)
  }
  return functions
}
