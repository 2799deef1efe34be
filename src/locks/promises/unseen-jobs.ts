/**
 * Whether a queue that lets its jobs in by itself has one inside that is no suspended function: a promise is pending for it, and
 * when that is settled, the function that lets the next one in runs.
 */
import type { HeapNode } from '../../heap/graph.ts'
import { leavesOf, type Need } from '../../heap/tasks.ts'
import type { LockedStore, LockHold } from './holds.ts'
import type { LetIn } from './let-in.ts'
import type { PendingCallback } from './pending-callbacks.ts'

export class UnseenJobs {
  readonly #callbacks: readonly PendingCallback[] | 'too many'
  readonly #letIn: LetIn
  readonly #needOf: (promise: HeapNode) => Need

  constructor(
    callbacks: readonly PendingCallback[] | 'too many',
    letIn: LetIn,
    needOf: (promise: HeapNode) => Need,
  ) {
    this.#callbacks = callbacks
    this.#letIn = letIn
    this.#needOf = needOf
  }

  /** The promises of such jobs, beside those of its holders. */
  of(lock: LockedStore, holds: readonly LockHold[]): readonly HeapNode[] | 'too many' {
    if (this.#callbacks === 'too many') return this.#callbacks
    const holders = new Set(holds.map(({ activation }) => activation.node))
    const unseen = new Set<HeapNode>()
    for (const { promise, callback } of this.#callbacks) {
      if (unseen.has(promise) || holders.has(promise) || !this.#letIn.frees(callback, lock)) continue
      const isSeen = leavesOf(this.#needOf(promise)).some(leaf =>
        // What waits itself, and goes on with a callback, is not inside yet.
        leaf.kind === 'return' ? holders.has(leaf.activation) : leaf.promise === promise,
      )
      if (!isSeen) unseen.add(promise)
    }
    return [...unseen]
  }
}
