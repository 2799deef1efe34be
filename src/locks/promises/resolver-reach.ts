/**
 * Who can still settle a promise: everything from which one of its resolving functions can be reached, nearest first. A
 * scope counts for a function only where its text uses the variable that leads on.
 */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { HeapEdge, HeapGraph, HeapNode } from '../../heap/graph.ts'
import { isOutside, targetOf } from './event-target.ts'
import type { FunctionSources } from './function-sources.ts'
import { isModuleScope } from './module-scope.ts'
import { isCleared, isIo, isTimer } from './node-handles.ts'

/** One node of the way from a resolving function outwards. */
export interface Step {
  readonly node: HeapNode
  /** How it refers to the step before. */
  readonly edge: HeapEdge
  readonly before: Step | undefined
}

export interface Reach {
  /** Promises whose settling runs a function that can settle this one. */
  readonly reactions: readonly HeapNode[]
  /** Timers that can, by themselves. */
  readonly timers: readonly HeapNode[]
  /** Handles and requests of Node, or what native code keeps. */
  readonly io: readonly HeapNode[]
  /** Suspended functions that have a resolving function in a variable. */
  readonly activations: readonly HeapNode[]
  /** Lists, maps and objects in which a resolving function waits to be taken out. */
  readonly stores: readonly Step[]
  /** Variables of modules, and what else is always there. */
  readonly roots: readonly Step[]
  /** Nothing at all can settle it. */
  readonly none: boolean
}

const mostNodes = 400

interface Visit {
  readonly node: HeapNode
  readonly step: Step | undefined
  /** Beyond an object that has the resolving function: only what calls functions about it is looked for. */
  readonly entry: boolean
}

export class ResolverReaches {
  readonly #graph: AwaitGraph
  readonly #heap: HeapGraph
  readonly #sources: FunctionSources
  readonly #known = new Map<HeapNode, Reach>()

  constructor(graph: AwaitGraph, sources: FunctionSources) {
    this.#graph = graph
    this.#heap = graph.heap
    this.#sources = sources
  }

  of(promise: HeapNode): Reach {
    const known = this.#known.get(promise)
    if (known !== undefined) return known
    const found = this.#find(promise)
    this.#known.set(promise, found)
    return found
  }

  #find(promise: HeapNode): Reach {
    const resolvers = this.#graph.resolvers(promise)
    const settlements = this.#graph.settlements(promise)
    const native = this.#isNative(promise, resolvers.length + settlements.length === 0)
    const found = this.#search(resolvers, native ? [promise] : [])
    const [start] = found.stores
    if (start === undefined) return found
    const sent = this.#dispatchedBatch(start)
    const batch = sent ?? this.#ownedByScopes(start)
    if (batch === undefined) return found
    // What is on its way is settled by nobody but who was given it.
    const { reactions, timers, io, activations, stores, roots } = this.#search([batch], [])
    if (sent === undefined && stores.length + roots.length > 0) return found
    return reactions.length === 0
      ? found
      : { ...found, reactions, timers, io, activations, stores: [], roots: [] }
  }

  /** The batch that a loader (dataloader) has sent off, with the functions that settle its promises. */
  #dispatchedBatch({ node }: Step): HeapNode | undefined {
    return this.#heap.retainers(node).find(edge => {
      const sent = edge.kind === 'property' ? this.#heap.value(edge.node, 'hasDispatched') : undefined
      return sent?.kind === 'boolean' && sent.value
    })?.node
  }

  /** A list that only variables of functions refer to: nobody puts anything into it any more, where nothing else has these. */
  #ownedByScopes({ node }: Step): HeapNode | undefined {
    const heap = this.#heap
    const isOwned = heap
      .retainers(node)
      .every(edge => edge.kind === 'variable' && !isModuleScope(heap, edge.node))
    return heap.kind(node) === 'array' && isOwned ? node : undefined
  }

  /** All that leads to one of these nodes, nearest first. */
  #search(starts: readonly HeapNode[], native: readonly HeapNode[]): Reach {
    const reactions = new Set<HeapNode>()
    const timers = new Set<HeapNode>()
    const io = new Set<HeapNode>(native)
    const activations = new Set<HeapNode>()
    const stores: Step[] = []
    const roots: Step[] = []
    const heap = this.#heap
    // A scope is come to by each of its variables: other functions use these.
    const seen = new Set<string>(starts.map(String))
    let queue: Visit[] = starts.map(node => ({ node, step: undefined, entry: false }))
    let left = mostNodes
    while (queue.length > 0) {
      const next: Visit[] = []
      for (const { node, step, entry } of queue) {
        if (heap.source !== 'memory' && heap.nativelyHeld(node)) io.add(node)
        for (const edge of heap.retainers(node)) {
          const variable =
            edge.kind === 'variable' ? edge.name : edge.name === 'previous' ? variableOf(step) : undefined
          const key = variable === undefined ? String(edge.node) : `${edge.node} ${variable}`
          if (seen.has(key) || !this.#leads(edge, node, step)) continue
          if (entry && !this.#isCalledLater(edge.node)) continue
          seen.add(key)
          if (--left < 0) return open(starts)
          const at: Step = { node: edge.node, edge, before: step }
          const onward = this.#visit(at, { reactions, timers, io, activations, stores, roots })
          // What waits in a list may have a time limit of its own: a timer whose function is about it.
          if (onward || heap.kind(edge.node) === 'object')
            next.push({ node: edge.node, step: at, entry: entry || !onward })
        }
      }
      queue = next
    }
    const none =
      reactions.size + timers.size + io.size + activations.size + stores.length + roots.length === 0
    return {
      reactions: [...reactions],
      timers: [...timers],
      io: [...io],
      activations: [...activations],
      stores,
      roots,
      none,
    }
  }

  /** Whether to go on beyond what a step has come to. */
  #visit(
    at: Step,
    found: {
      reactions: Set<HeapNode>
      timers: Set<HeapNode>
      io: Set<HeapNode>
      activations: Set<HeapNode>
      stores: Step[]
      roots: Step[]
    },
  ): boolean {
    const heap = this.#heap
    const { node, edge } = at
    switch (heap.kind(node)) {
      case 'activation':
        found.activations.add(node)
        return false
      case 'reaction':
        for (const promise of this.#promisesOf(node)) found.reactions.add(promise)
        return false
      case 'array':
      case 'map':
      case 'set':
        found.stores.push(at)
        return false
      case 'module':
        found.roots.push(at)
        return false
      case 'function':
      case 'bound function':
        return true
      case 'context':
        if (!isModuleScope(heap, node)) return true
        if (edge.kind === 'variable') found.roots.push(at)
        return false
      case 'promise':
        return false
      case 'object': {
        const name = heap.className(node)
        const target = name === 'Listener' ? targetOf(heap, node)?.emitter : undefined
        if (isTimer(name)) {
          if (!isCleared(heap, node)) found.timers.add(node)
        } else if (target !== undefined && isOutside(heap, target)) found.io.add(target)
        else if (isIo(name)) found.io.add(node)
        else if (name === 'Object' || name === '') return true
        else {
          const serving =
            edge.kind === 'property' && at.before === undefined ? this.#serving(node, edge.name) : []
          for (const one of serving) found.activations.add(one)
          if (serving.length === 0) found.stores.push(at)
        }
        return false
      }
      default:
        return false
    }
  }

  /** Suspended functions that have an object and call the function in one of its fields: `job.resolve(await job.run())`. */
  #serving(node: HeapNode, field: string): readonly HeapNode[] {
    const heap = this.#heap
    const calls = new RegExp(`\\.\\s*${field.replace(/[^\w]/g, '\\$&')}\\s*\\(`)
    const serving = new Set<HeapNode>()
    const having = heap.retainers(node).flatMap(edge => {
      if (heap.kind(edge.node) === 'activation') return [edge.node]
      const isScope = edge.kind === 'variable' && !isModuleScope(heap, edge.node)
      return isScope ? heap.retainers(edge.node).map(one => one.node) : []
    })
    for (const one of having) {
      const code = this.#graph.activations.get(one)?.code
      const source = code && this.#sources.of(code)
      if (source !== undefined && calls.test(source.syntax.textOf(source.fn))) serving.add(one)
    }
    return [...serving]
  }

  /** Whether what refers to a node can use it: a function uses of its scope what its text names. */
  #leads(edge: HeapEdge, node: HeapNode, step: Step | undefined): boolean {
    const heap = this.#heap
    if (edge.kind !== 'internal') return true
    const from = heap.kind(edge.node)
    if (heap.kind(node) !== 'context') return from !== 'other'
    if (from === 'context') return edge.name === 'previous'
    if (from === 'activation')
      return edge.name === 'context' || edge.name === 'register' ? this.#uses(edge.node, step) : false
    if (from === 'function' && edge.name === 'context') {
      const name = variableOf(step)
      return name === undefined || this.#sources.mentions(edge.node, name)
    }
    return false
  }

  /** A suspended function runs in a scope: it can reach what its own text names. */
  #uses(activation: HeapNode, step: Step | undefined): boolean {
    const name = variableOf(step)
    const code = this.#graph.activations.get(activation)?.function
    return name === undefined || code === undefined || this.#sources.mentions(code, name)
  }

  /** A function, its scope, or a timer that calls it. */
  #isCalledLater(node: HeapNode): boolean {
    const kind = this.#heap.kind(node)
    if (kind === 'object') return isTimer(this.#heap.className(node))
    return (
      kind === 'function' ||
      kind === 'bound function' ||
      (kind === 'context' && !isModuleScope(this.#heap, node))
    )
  }

  #promisesOf(reaction: HeapNode): readonly HeapNode[] {
    const promises: HeapNode[] = []
    const seen = new Set<HeapNode>([reaction])
    for (let at: readonly HeapNode[] = [reaction]; at.length > 0; ) {
      const above = at.flatMap(node => this.#heap.retainers(node).map(edge => edge.node))
      promises.push(...above.filter(node => this.#heap.kind(node) === 'promise'))
      at = above.filter(node => this.#heap.kind(node) === 'reaction' && !seen.has(node))
      for (const node of at) seen.add(node)
    }
    return promises
  }

  /**
   * A promise that native code settles: there are no resolving functions in JavaScript. Memory outside of the heap may hold
   * words that once were a reference, so that of others a reference from there tells nothing.
   */
  #isNative(promise: HeapNode, unresolved: boolean): boolean {
    const heap = this.#heap
    if (unresolved && heap.nativelyHeld(promise)) return true
    return heap
      .retainers(promise)
      .some(
        ({ node }) => heap.kind(node) === 'object' && isIo(heap.className(node)) && heap.nativelyHeld(node),
      )
  }
}

/** More refers to it than was looked at. */
function open(io: readonly HeapNode[]): Reach {
  return { reactions: [], timers: [], io, activations: [], stores: [], roots: [], none: false }
}

/** The name of the variable through which the way came into the scope that it is in. */
function variableOf(step: Step | undefined): string | undefined {
  for (let at = step; at !== undefined; at = at.before) {
    if (at.edge.kind === 'variable') return at.edge.name
    if (at.edge.kind !== 'internal' || at.edge.name !== 'previous') return undefined
  }
  return undefined
}
