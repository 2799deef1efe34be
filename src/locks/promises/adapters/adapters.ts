/** All libraries whose locks are known by name. A new one is a new file and a line here. */

import { nodeOf } from '../../../heap/await-graph.ts'
import type { HeapGraph, HeapNode } from '../../../heap/graph.ts'
import type { LockAdapter } from './adapter.ts'
import { asyncLock } from './async-lock.ts'
import { asyncMutex } from './async-mutex.ts'
import { asyncSema } from './async-sema.ts'
import { awaitSemaphore } from './await-semaphore.ts'
import { bottleneck } from './bottleneck.ts'
import { genericPool } from './generic-pool.ts'
import { mysql2 } from './mysql2.ts'
import { pLimit } from './p-limit.ts'
import { pQueue } from './p-queue.ts'
import { pgPool } from './pg-pool.ts'
import { piscina } from './piscina.ts'
import { sapphireAsyncQueue } from './sapphire-async-queue.ts'
import { semaphoreAsyncAwait } from './semaphore-async-await.ts'
import { tarn } from './tarn.ts'

export const adapters: readonly LockAdapter[] = [
  ...asyncMutex,
  ...asyncLock,
  ...asyncSema,
  ...awaitSemaphore,
  ...semaphoreAsyncAwait,
  ...sapphireAsyncQueue,
  ...pLimit,
  ...pQueue,
  ...bottleneck,
  ...genericPool,
  ...tarn,
  ...pgPool,
  ...mysql2,
  ...piscina,
]

/** The library that a lock is of, by the first of its parts that has the class and the fields. */
export function adapterOf(
  heap: HeapGraph,
  parts: Iterable<HeapNode>,
  known: readonly LockAdapter[],
): { readonly adapter: LockAdapter; readonly part: HeapNode } | undefined {
  for (const part of parts) {
    const isScope = heap.kind(part) === 'context'
    const className = isScope ? '' : heap.className(part)
    for (const adapter of known) {
      if (adapter.className !== className || (className === '' && !isScope)) continue
      if (adapter.fields.every(field => heap.value(part, field) !== undefined)) return { adapter, part }
    }
  }
  return undefined
}

/** How many units there are, where the library keeps that. */
export function capacityOf(heap: HeapGraph, part: HeapNode, { capacity }: LockAdapter): number | undefined {
  if (capacity === undefined) return undefined
  const [first = '', ...rest] = capacity.split('.')
  let at: HeapNode | undefined = part
  let field = first
  for (const next of rest) {
    at = at === undefined ? undefined : nodeOf(heap, at, field)
    field = next
  }
  const value = at === undefined ? undefined : heap.value(at, field)
  return value?.kind === 'number' && value.value > 0 && Number.isFinite(value.value) ? value.value : undefined
}
