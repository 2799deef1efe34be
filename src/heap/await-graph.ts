/**
 * Who waits for which promise, and what settles it: the suspended functions of one heap, joined through V8's reactions.
 * What compilers make of an async function (a generator that `__awaiter` drives, or `__generator`'s state machine) counts
 * as one.
 */
import type { Activation, HeapGraph, HeapNode } from './graph.ts'

/** What has to happen before a promise is settled. */
export type Settlement =
  /** The suspended function returns or throws. */
  | { readonly by: 'activation'; readonly activation: HeapNode }
  /** Another promise is settled: by `then`, `finally`, or because it was resolved with it. */
  | { readonly by: 'promise'; readonly promise: HeapNode }
  /** One of several: `Promise.all` and its like. */
  | { readonly by: 'element'; readonly of: 'all' | 'allSettled' | 'any'; readonly promise: HeapNode }

const settlers = ['PromiseCapabilityDefaultResolve', 'PromiseCapabilityDefaultReject']
const mostReactions = 200_000

export class AwaitGraph {
  readonly heap: HeapGraph
  /** By node. */
  readonly activations = new Map<HeapNode, Activation>()
  readonly #awaited = new Map<HeapNode, HeapNode>()
  readonly #awaiting = new Map<HeapNode, HeapNode[]>()
  readonly #returns = new Map<HeapNode, HeapNode[]>()
  readonly #settlements = new Map<HeapNode, Settlement[]>()
  readonly #resolvers = new Map<HeapNode, HeapNode[]>()
  readonly #stores = new Map<HeapNode, HeapNode>()
  #topLevels: ReadonlyMap<HeapNode, HeapNode> | undefined

  constructor(heap: HeapGraph) {
    this.heap = heap
    for (const activation of heap.activations()) {
      this.activations.set(activation.node, activation)
      for (const promise of activation.promises) add(this.#returns, promise, activation.node)
    }
    for (const closure of heap.closures(settlers)) {
      const does = heap.continuation(closure)
      if (does?.does === 'settle') add(this.#resolvers, does.promise, closure)
    }
    let left = mostReactions
    for (const promise of heap.promises()) {
      for (const reaction of heap.reactions(promise)) {
        if (--left < 0) return
        const handlers = [reaction.onFulfilled, reaction.onRejected].filter(node => node !== undefined)
        this.#react(promise, handlers, reaction.derived)
        if (reaction.asyncContext !== undefined)
          for (const handler of handlers) this.#keepStore(handler, reaction.asyncContext)
      }
    }
  }

  /** The promise that a suspended function awaits; undefined when it awaits none (it runs, or it stands at a `yield`). */
  awaited(activation: HeapNode): HeapNode | undefined {
    return this.#awaited.get(activation)
  }

  /** The suspended functions that go on when a promise is settled. */
  awaiting(promise: HeapNode): readonly HeapNode[] {
    return this.#awaiting.get(promise) ?? []
  }

  /** The promises that a suspended function will settle by returning. */
  returns(activation: HeapNode): readonly HeapNode[] {
    return this.activations.get(activation)?.promises ?? []
  }

  settlements(promise: HeapNode): readonly Settlement[] {
    const returned = (this.#returns.get(promise) ?? []).map(
      (activation): Settlement => ({ by: 'activation', activation }),
    )
    const known = this.#settlements.get(promise) ?? []
    if (returned.length + known.length > 0 || this.resolvers(promise).length > 0)
      return [...returned, ...known]
    return this.#evaluations(promise).map(activation => ({ by: 'activation', activation }))
  }

  /** For the promise of a module's evaluation: the module's own top level, else those of the modules that it waits for. */
  #evaluations(promise: HeapNode): readonly HeapNode[] {
    const module = this.heap.retainers(promise).find(({ node }) => this.heap.kind(node) === 'module')?.node
    if (module === undefined) return []
    const own = this.#bodies().get(module)
    return own === undefined ? this.#imported(module) : [own]
  }

  #imported(module: HeapNode): readonly HeapNode[] {
    const bodies = this.#bodies()
    const found: HeapNode[] = []
    const seen = new Set([module])
    let level: readonly HeapNode[] = [module]
    // A module refers to its requested modules through a list of its own.
    for (let depth = 0; depth < 12 && level.length > 0 && seen.size < 2000; depth++) {
      const next: HeapNode[] = []
      for (const { node } of level.flatMap(one => this.heap.edges(one))) {
        const kind = this.heap.kind(node)
        if (seen.has(node) || (kind !== 'module' && kind !== 'array' && kind !== 'other')) continue
        seen.add(node)
        const body = bodies.get(node)
        if (body === undefined) next.push(node)
        else found.push(body)
      }
      level = next
    }
    return found
  }

  /** By module: its top level, where that is suspended. */
  #bodies(): ReadonlyMap<HeapNode, HeapNode> {
    if (this.#topLevels !== undefined) return this.#topLevels
    const bodies = new Map<HeapNode, HeapNode>()
    for (const { node, context, code } of this.activations.values()) {
      const isBody = code.name === '' && code.place?.line === 1 && code.place.column === 1
      const module = isBody && context !== undefined ? nodeOf(this.heap, context, 'extension') : undefined
      if (module !== undefined && this.heap.kind(module) === 'module') bodies.set(module, node)
    }
    this.#topLevels = bodies
    return bodies
  }

  /** V8's functions that settle a promise when somebody calls them. */
  resolvers(promise: HeapNode): readonly HeapNode[] {
    return this.#resolvers.get(promise) ?? []
  }

  /** The store of AsyncLocalStorage with which a suspended function goes on, where V8 keeps it. */
  asyncContext(activation: HeapNode): HeapNode | undefined {
    return this.#stores.get(activation)
  }

  #react(promise: HeapNode, handlers: readonly HeapNode[], derived: HeapNode | undefined): void {
    let derives = derived
    for (const handler of handlers) {
      const does = this.heap.continuation(handler)
      if (does?.does === 'continue') {
        this.#await(does.activation, promise)
        derives = undefined
      } else if (does?.does === 'settle') {
        // An element's rejection settles the whole at once: that is not how one waits for it.
        if (!handlers.some(one => this.heap.continuation(one)?.does === 'element'))
          this.#settle(does.promise, { by: 'promise', promise })
      } else if (does?.does === 'element') {
        this.#settle(does.promise, { by: 'element', of: does.of, promise })
      } else if (does === undefined) {
        const driven = this.#driven(handler)
        if (driven !== undefined) this.#await(driven, promise)
      }
    }
    if (derives !== undefined && derives !== promise) this.#settle(derives, { by: 'promise', promise })
  }

  #await(activation: HeapNode, promise: HeapNode): void {
    if (this.#awaited.has(activation)) return
    this.#awaited.set(activation, promise)
    add(this.#awaiting, promise, activation)
  }

  #settle(promise: HeapNode, settlement: Settlement): void {
    const known = this.#settlements.get(promise) ?? []
    if (
      known.some(
        one =>
          one.by === settlement.by &&
          'promise' in one &&
          'promise' in settlement &&
          one.promise === settlement.promise,
      )
    )
      return
    add(this.#settlements, promise, settlement)
  }

  #keepStore(handler: HeapNode, store: HeapNode): void {
    const does = this.heap.continuation(handler)
    const activation = does?.does === 'continue' ? does.activation : undefined
    if (activation !== undefined) this.#stores.set(activation, store)
  }

  /**
   * The generator that a handler of `__awaiter` (tslib), `__async` (esbuild) or `_asyncToGenerator` (Babel) goes on with: its
   * scope, or the one around, has the generator and the functions that settle the promise which the call returned.
   */
  #driven(handler: HeapNode): HeapNode | undefined {
    if (this.heap.kind(handler) !== 'function') return undefined
    let generator: HeapNode | undefined
    let returned: HeapNode | undefined
    let values: Scope = new Map()
    for (const scope of scopesOutward(this.heap, nodeOf(this.heap, handler, 'context'), 3)) {
      const variables = scopeOf(this.heap, scope)
      values = new Map([...variables, ...values])
      for (const node of variables.values()) {
        const does = this.heap.kind(node) === 'function' ? this.heap.continuation(node) : undefined
        if (does?.does === 'settle') returned ??= does.promise
        const kind = this.heap.kind(node)
        if (kind === 'activation' && this.activations.get(node)?.kind === 'generator') generator ??= node
      }
      generator ??= this.#stateMachine(variables, values)
      if (generator !== undefined && returned !== undefined) break
    }
    if (generator === undefined || returned === undefined) return undefined
    const known = this.activations.get(generator)
    if (known !== undefined && known.promises.length === 0) {
      this.activations.set(generator, { ...known, kind: 'async function', promises: [returned] })
      add(this.#returns, returned, generator)
    } else if (known === undefined) {
      this.activations.set(generator, this.#compiled(generator, returned, values))
      add(this.#returns, returned, generator)
    }
    return generator
  }

  /** The object with `next`, `throw` and `return` that `__generator` makes of an ES5 state machine. */
  #stateMachine(variables: Scope, values: Scope): HeapNode | undefined {
    for (const name of ['generator', 'gen']) {
      const node = variables.get(name) ?? values.get(name)
      if (node === undefined || this.heap.kind(node) !== 'object') continue
      if (['next', 'throw', 'return'].every(method => nodeOf(this.heap, node, method) !== undefined))
        return node
    }
    return undefined
  }

  #compiled(machine: HeapNode, returned: HeapNode, values: Scope): Activation {
    const next = nodeOf(this.heap, machine, 'next')!
    const inner = new Map([...values, ...scopesFrom(this.heap, nodeOf(this.heap, next, 'context'), 4)])
    const body = inner.get('body') ?? next
    const receiver = inner.get('thisArg')
    return {
      node: machine,
      kind: 'async function',
      function: body,
      code: this.heap.code(body) ?? { name: '' },
      receiver: receiver === undefined ? { kind: 'undefined' } : { kind: 'node', node: receiver },
      context: nodeOf(this.heap, body, 'context'),
      registers: [],
      parameters: 0,
      promises: [returned],
      at: undefined,
    }
  }
}

/** Variables by name, those that hold an object. */
type Scope = ReadonlyMap<string, HeapNode>

function scopeOf(heap: HeapGraph, context: HeapNode): Scope {
  return new Map(
    heap
      .edges(context)
      .filter(({ kind }) => kind === 'variable')
      .map(({ name, node }) => [name, node]),
  )
}

/** The variables of a scope and of those around it, `most` of them; an inner one hides what is around it. */
export function scopesFrom(heap: HeapGraph, context: HeapNode | undefined, most: number): Scope {
  const all = new Map<string, HeapNode>()
  for (const scope of scopesOutward(heap, context, most))
    for (const [name, node] of scopeOf(heap, scope)) if (!all.has(name)) all.set(name, node)
  return all
}

/** A scope and those around it, outwards, `most` of them. */
export function* scopesOutward(
  heap: HeapGraph,
  from: HeapNode | undefined,
  most: number,
): Generator<HeapNode> {
  let scope = from
  for (let depth = 0; depth < most && scope !== undefined; depth++) {
    yield scope
    scope = nodeOf(heap, scope, 'previous')
  }
}

/** The object that a property, a variable or an internal field of this name refers to. */
export function nodeOf(heap: HeapGraph, node: HeapNode, name: string): HeapNode | undefined {
  const value = heap.value(node, name)
  return value?.kind === 'node' ? value.node : undefined
}

function add<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}
