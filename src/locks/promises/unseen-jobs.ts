/**
 * Whether a queue that lets its jobs in by itself has one inside that is no suspended function: a promise is pending for it, and
 * when that is settled, the function that lets the next one in runs.
 */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { HeapNode } from '../../heap/graph.ts'
import { leavesOf, type Need } from '../../heap/tasks.ts'
import type { LockedStore, LockHold } from './holds.ts'
import type { LetIn } from './let-in.ts'

/** Above so many callbacks of promises they are not looked at. */
const mostCallbacks = 2000

interface Pending {
  readonly promise: HeapNode
  readonly callback: HeapNode
}

export class UnseenJobs {
  readonly #graph: AwaitGraph
  readonly #letIn: LetIn
  readonly #needOf: (promise: HeapNode) => Need
  #callbacks: readonly Pending[] | 'too many' | undefined

  constructor(graph: AwaitGraph, letIn: LetIn, needOf: (promise: HeapNode) => Need) {
    this.#graph = graph
    this.#letIn = letIn
    this.#needOf = needOf
  }

  /** The promises of such jobs, beside those of its holders. */
  of(lock: LockedStore, holds: readonly LockHold[]): readonly HeapNode[] | 'too many' {
    this.#callbacks ??= this.#find()
    if (this.#callbacks === 'too many') return this.#callbacks
    const holders = new Set(holds.map(({ activation }) => activation.node))
    const unseen = new Set<HeapNode>()
    for (const { promise, callback } of this.#callbacks) {
      if (unseen.has(promise) || !this.#letIn.frees(callback, lock)) continue
      const isSeen = leavesOf(this.#needOf(promise)).some(leaf =>
        // What waits itself, and goes on with a callback, is not inside yet.
        leaf.kind === 'return' ? holders.has(leaf.activation) : leaf.promise === promise,
      )
      if (!isSeen) unseen.add(promise)
    }
    return [...unseen]
  }

  /** Functions of the program and of packages that run when a pending promise is settled, each for one promise once. */
  #find(): readonly Pending[] | 'too many' {
    const { heap } = this.#graph
    const found: Pending[] = []
    for (const promise of heap.promises()) {
      const callbacks = new Set<HeapNode>()
      for (const { onFulfilled, onRejected } of heap.reactions(promise)) {
        for (const handler of [onFulfilled, onRejected]) {
          if (handler === undefined) continue
          const does = heap.continuation(handler)
          const called = does === undefined ? handler : does.does === 'finally' ? does.callback : undefined
          const script = called === undefined ? undefined : heap.code(called)?.place?.script
          if (called !== undefined && script !== undefined && !script.startsWith('node:'))
            callbacks.add(called)
        }
      }
      for (const callback of callbacks) found.push({ promise, callback })
      if (found.length > mostCallbacks) return 'too many'
    }
    return found
  }
}
