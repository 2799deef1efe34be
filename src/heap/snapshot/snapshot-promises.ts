/** Promises, their reactions and V8's functions around them in a heap snapshot. */
import type { Continuation, HeapNode, PromiseState, Reaction } from '../graph.ts'
import type { HeapTables } from './heap-tables.ts'
import type { SnapshotNodes } from './snapshot-nodes.ts'

export class SnapshotPromises {
  readonly #tables: HeapTables
  readonly #nodes: SnapshotNodes

  constructor(tables: HeapTables, nodes: SnapshotNodes) {
    this.#tables = tables
    this.#nodes = nodes
  }

  state(promise: HeapNode): PromiseState {
    const held = this.#tables.internal(promise, 'reactions_or_result')
    if (held === undefined) return 'unknown'
    return this.#nodes.kind(held) === 'reaction' ? 'pending' : 'fulfilled'
  }

  reactions(promise: HeapNode): readonly Reaction[] {
    const reactions: Reaction[] = []
    let at = this.#tables.internal(promise, 'reactions_or_result')
    while (at !== undefined && this.#nodes.kind(at) === 'reaction' && reactions.length < 10_000) {
      reactions.push(this.#reaction(at))
      at =
        this.#tables.internal(at, 'next') ??
        this.#tables.edges(at).find(({ to }) => this.#nodes.kind(to) === 'reaction')?.to
    }
    return reactions.reverse()
  }

  #reaction(node: number): Reaction {
    const slots = this.#tables.edges(node).filter(({ type }) => type === 'hidden')
    // In the order of the slots: the store, the handler of a rejection, that of a fulfilment, the derived promise.
    const handlers = slots.filter(({ to }) => this.#tables.type(to) === 'closure').map(({ to }) => to)
    const derived = slots.map(({ to }) => this.#promiseOf(to)).find(promise => promise !== undefined)
    const store = slots.find(
      ({ to }) =>
        this.#tables.type(to) === 'object' &&
        this.#nodes.kind(to) !== 'promise' &&
        this.#promiseOf(to) === undefined,
    )
    const [first, second] = handlers
    return {
      onRejected: second === undefined ? undefined : first,
      onFulfilled: second ?? first,
      derived,
      asyncContext: store?.to,
    }
  }

  /** The promise itself, or that of a capability. */
  #promiseOf(node: number): HeapNode | undefined {
    if (this.#nodes.kind(node) === 'promise') return node
    if (this.#tables.name(node) !== 'system / PromiseCapability') return undefined
    return this.#tables.edges(node).find(({ to }) => this.#nodes.kind(to) === 'promise')?.to
  }

  continuation(closure: HeapNode): Continuation | undefined {
    const builtin = this.#tables.type(closure) === 'closure' ? this.#nodes.builtin(closure) : undefined
    const context = builtin === undefined ? undefined : this.#tables.internal(closure, 'context')
    if (builtin === undefined || context === undefined) return undefined
    const held = () =>
      this.#tables.edges(context).filter(({ type }) => type === 'hidden' || type === 'internal')
    if (/^PromiseCapabilityDefault(Resolve|Reject)$/.test(builtin)) {
      const promise = held().find(({ to }) => this.#nodes.kind(to) === 'promise')?.to
      return promise === undefined
        ? undefined
        : { does: 'settle', promise, rejects: builtin.endsWith('Reject') }
    }
    if (/^Async(Function|Generator)(Await|Yield|Return)/.test(builtin)) {
      const activation = this.#tables.internal(context, 'extension')
      return activation === undefined ? undefined : { does: 'continue', activation }
    }
    const element = /^Promise(AllSettled|All|Any)(Resolve|Reject)ElementClosure$/.exec(builtin)?.[1]
    if (element !== undefined) {
      const promise = held()
        .map(({ to }) => this.#promiseOf(to))
        .find(found => found !== undefined)
      const of = element === 'All' ? 'all' : element === 'Any' ? 'any' : 'allSettled'
      return promise === undefined ? undefined : { does: 'element', of, promise, remaining: undefined }
    }
    if (builtin === 'PromiseThenFinally' || builtin === 'PromiseCatchFinally') {
      const callback = held().find(
        ({ to }) => this.#tables.type(to) === 'closure' && this.#nodes.builtin(to) === undefined,
      )
      return { does: 'finally', callback: callback?.to }
    }
    return undefined
  }
}
