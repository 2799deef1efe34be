/**
 * Tasks: suspended functions, each with those that wait for nothing but its return, as one stack of calls. A function that
 * waits for several, or for one that others wait for too, begins a task of its own.
 */

import type { AwaitGraph } from './await-graph.ts'
import type { Activation, HeapNode } from './graph.ts'

/** What a promise needs before it is settled. */
export type Need =
  /** That a suspended function returns. */
  | { readonly kind: 'return'; readonly activation: HeapNode }
  | { readonly kind: 'all' | 'any'; readonly needs: readonly Need[] }
  /** That somebody calls its resolving function, or that native code settles it. */
  | { readonly kind: 'settled'; readonly promise: HeapNode }

export type Leaf = Exclude<Need, { readonly needs: readonly Need[] }>

export interface Task {
  /** Innermost first. */
  readonly activations: readonly Activation[]
  readonly need: Need
  /** The promise that its innermost function awaits. */
  readonly promise: HeapNode
}

/** `all` of a thousand elements tells no more than of the first of them. */
const mostElements = 200
const deepest = 64

/**
 * What a promise needs. `others` tells the promises from whose reactions its resolving functions can be reached, and whether
 * they can be reached in another way too.
 */
export interface ResolverReach {
  readonly reactions: readonly HeapNode[]
  readonly elsewhere: boolean
}

export class Needs {
  readonly #graph: AwaitGraph
  readonly #reach: (promise: HeapNode) => ResolverReach
  readonly #known = new Map<HeapNode, Need>()

  constructor(graph: AwaitGraph, reach: (promise: HeapNode) => ResolverReach) {
    this.#graph = graph
    this.#reach = reach
  }

  of(promise: HeapNode, depth = 0): Need {
    const known = this.#known.get(promise)
    if (known !== undefined) return known
    // A promise that is met again on the way waits for itself.
    this.#known.set(promise, { kind: 'settled', promise })
    const need = depth > deepest ? ({ kind: 'settled', promise } as const) : this.#find(promise, depth)
    this.#known.set(promise, need)
    return need
  }

  #find(promise: HeapNode, depth: number): Need {
    const settlements = this.#graph.settlements(promise)
    const ways: Need[] = []
    const elements: Need[] = []
    let combines: 'all' | 'any' = 'all'
    for (const settlement of settlements) {
      if (settlement.by === 'activation') ways.push({ kind: 'return', activation: settlement.activation })
      else if (settlement.by === 'promise') ways.push(this.of(settlement.promise, depth + 1))
      else if (elements.length < mostElements) {
        combines = settlement.of === 'any' ? 'any' : 'all'
        elements.push(this.of(settlement.promise, depth + 1))
      }
    }
    // What a function returns nobody else settles, also where a compiler made it of a promise with functions to settle it.
    const returned = settlements.flatMap(one => (one.by === 'activation' ? [one.activation] : []))
    if (returned.length > 0)
      return joined(
        'any',
        returned.map(activation => ({ kind: 'return', activation })),
      )
    if (elements.length > 0) ways.push(joined(combines, elements))
    const reach = this.#reach(promise)
    const upstream = new Set(settlements.flatMap(one => (one.by === 'activation' ? [] : [one.promise])))
    for (const other of reach.reactions)
      if (other !== promise && !upstream.has(other)) ways.push(this.of(other, depth + 1))
    if (reach.elsewhere || ways.length === 0) ways.push({ kind: 'settled', promise })
    return joined('any', ways)
  }
}

function joined(kind: 'all' | 'any', needs: readonly Need[]): Need {
  const distinct = needs.filter((need, at) => needs.findIndex(other => sameLeaf(other, need)) === at)
  return distinct.length === 1 ? distinct[0]! : { kind, needs: distinct }
}

function sameLeaf(one: Need, other: Need): boolean {
  if (one === other) return true
  if (one.kind === 'return') return other.kind === 'return' && one.activation === other.activation
  return one.kind === 'settled' && other.kind === 'settled' && one.promise === other.promise
}

/** All that a need rests on, in the order written. */
export function leavesOf(need: Need): readonly Leaf[] {
  return 'needs' in need ? need.needs.flatMap(leavesOf) : [need]
}

export function tasksOf(graph: AwaitGraph, needs: Needs): readonly Task[] {
  const waiting = new Map<HeapNode, { readonly promise: HeapNode; readonly need: Need }>()
  for (const node of graph.activations.keys()) {
    const promise = graph.awaited(node)
    if (promise !== undefined) waiting.set(node, { promise, need: needs.of(promise) })
  }
  // How many wait for each, in any way.
  const waiters = new Map<HeapNode, number>()
  for (const { need } of waiting.values())
    for (const leaf of new Set(leavesOf(need)))
      if (leaf.kind === 'return') waiters.set(leaf.activation, (waiters.get(leaf.activation) ?? 0) + 1)

  const next = new Map<HeapNode, HeapNode>()
  for (const [node, { need }] of waiting)
    if (need.kind === 'return' && waiting.has(need.activation)) next.set(node, need.activation)
  const ring = ringOf(next)
  const callers = new Map<HeapNode, HeapNode>()
  for (const [node, inner] of next) {
    // A ring is cut where a reader knows the function.
    const isCut = ring.has(node) && !isNodes(graph.activations.get(inner)!)
    if (waiters.get(inner) === 1 && !isCut) callers.set(inner, node)
  }
  const tasks: Task[] = []
  for (const [node, { promise, need }] of waiting) {
    const inner = next.get(node)
    if (inner !== undefined && callers.get(inner) === node) continue
    const activations: Activation[] = []
    // A ring of nothing but Node's functions has no end.
    const seen = new Set<HeapNode>()
    for (let at: HeapNode | undefined = node; at !== undefined && !seen.has(at); at = callers.get(at)) {
      seen.add(at)
      activations.push(graph.activations.get(at)!)
    }
    tasks.push({ activations, need, promise })
  }
  return tasks
}

/** A function of Node's own, in which a reader knows nothing. */
function isNodes({ code }: Activation): boolean {
  return (code.place?.script ?? '').startsWith('node:')
}

/** Functions that wait for each other in a ring: each is a task of its own, so that the ring can be seen. */
function ringOf(next: ReadonlyMap<HeapNode, HeapNode>): ReadonlySet<HeapNode> {
  const ring = new Set<HeapNode>()
  const seen = new Map<HeapNode, number>()
  let walk = 0
  for (const start of next.keys()) {
    walk++
    let at: HeapNode | undefined = start
    while (at !== undefined && !seen.has(at)) {
      seen.set(at, walk)
      at = next.get(at)
    }
    // A walk that comes back to itself has found a ring; one that meets an earlier walk has found nothing new.
    if (at === undefined || seen.get(at) !== walk) continue
    for (let member: HeapNode = at; !ring.has(member); member = next.get(member)!) ring.add(member)
  }
  return ring
}
