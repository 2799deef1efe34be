/** Functions of the program and of packages that run when a pending promise is settled: `then(next)`, `finally(next)`. */
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'

export interface PendingCallback {
  readonly promise: HeapNode
  readonly callback: HeapNode
}

/** Above so many they are not looked at. */
const most = 2000

/** Each for one promise once. */
export function pendingCallbacks(heap: HeapGraph): readonly PendingCallback[] | 'too many' {
  const found: PendingCallback[] = []
  for (const promise of heap.promises()) {
    const callbacks = new Set<HeapNode>()
    for (const { onFulfilled, onRejected } of heap.reactions(promise)) {
      for (const handler of [onFulfilled, onRejected]) {
        if (handler === undefined) continue
        const does = heap.continuation(handler)
        const called = does === undefined ? handler : does.does === 'finally' ? does.callback : undefined
        const script = called === undefined ? undefined : heap.code(called)?.place?.script
        if (called !== undefined && script !== undefined && !script.startsWith('node:')) callbacks.add(called)
      }
    }
    for (const callback of callbacks) found.push({ promise, callback })
    if (found.length > most) return 'too many'
  }
  return found
}
