/**
 * Whether a queue that lets its jobs in by itself has one inside that is no suspended function: a promise is pending for it, and
 * when that is settled, the function that lets the next one in runs.
 */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { HeapNode } from '../../heap/graph.ts'
import { leavesOf, type Need } from '../../heap/tasks.ts'
import type { LockedStore, LockHold } from './holds.ts'
import { type LetIn, scopesOfParts } from './let-in.ts'
import type { PendingCallback } from './pending-callbacks.ts'

export class UnseenJobs {
  readonly #graph: AwaitGraph
  readonly #callbacks: readonly PendingCallback[] | 'too many'
  readonly #letIn: LetIn
  readonly #needOf: (promise: HeapNode) => Need
  /** Callbacks by the scopes that they can come to. */
  #byScope: ReadonlyMap<HeapNode, readonly PendingCallback[]> | undefined

  constructor(
    graph: AwaitGraph,
    callbacks: readonly PendingCallback[] | 'too many',
    letIn: LetIn,
    needOf: (promise: HeapNode) => Need,
  ) {
    this.#graph = graph
    this.#callbacks = callbacks
    this.#letIn = letIn
    this.#needOf = needOf
  }

  /** The promises of such jobs, beside those of its holders. */
  of(lock: LockedStore, holds: readonly LockHold[]): readonly HeapNode[] | 'too many' {
    if (this.#callbacks === 'too many') return this.#callbacks
    const holders = new Set(holds.map(({ activation }) => activation.node))
    const unseen = new Set<HeapNode>()
    for (const { promise, callback } of this.#near(lock)) {
      if (unseen.has(promise) || holders.has(promise) || !this.#letIn.frees(callback, lock)) continue
      const isSeen = leavesOf(this.#needOf(promise)).some(leaf =>
        // What waits itself, and goes on with a callback, is not inside yet.
        leaf.kind === 'return' ? holders.has(leaf.activation) : leaf.promise === promise,
      )
      if (!isSeen) unseen.add(promise)
    }
    return [...unseen]
  }

  /** Those callbacks that can come to a lock at all: there may be hundreds of locks and thousands of them. */
  #near({ parts }: LockedStore): ReadonlySet<PendingCallback> {
    this.#byScope ??= this.#index()
    const near = new Set<PendingCallback>()
    for (const scope of scopesOfParts(this.#graph.heap, parts))
      for (const one of this.#byScope.get(scope) ?? []) near.add(one)
    return near
  }

  #index(): ReadonlyMap<HeapNode, readonly PendingCallback[]> {
    const byScope = new Map<HeapNode, PendingCallback[]>()
    if (this.#callbacks === 'too many') return byScope
    for (const one of this.#callbacks) {
      for (const scope of this.#letIn.scopesAround(one.callback)) {
        const known = byScope.get(scope)
        if (known === undefined) byScope.set(scope, [one])
        else known.push(one)
      }
    }
    return byScope
  }
}
