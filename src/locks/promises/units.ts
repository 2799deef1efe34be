/** How many a lock lets in, and how many it could let in now, from the numbers that it keeps. */
import { nodeOf } from '../../heap/await-graph.ts'
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'

const limits = [
  'max',
  'limit',
  'concurrency',
  'maxConcurrency',
  'maxConcurrent',
  'capacity',
  'nrTokens',
  'poolSize',
]
const moreLimits = [
  'connectionLimit',
  'maxConnections',
  'maxSockets',
  'maxThreads',
  'maxWorkers',
  'permitsTotal',
]
const spares = [
  'value',
  'permits',
  'count',
  'available',
  'free',
  'tokens',
  'remaining',
  'slots',
  'availablePermits',
]
const settings = ['options', 'opts', 'config', 'settings']
const prefixes = ['', '_', '#', '__']

export interface Units {
  /** Undefined where no number tells it. */
  readonly capacity: number | undefined
  /** Units that a waiter could have at once: it waits although nobody is in the way. */
  readonly free: number
}

/** Reads the numbers of the parts of a lock and of their settings, those nearest to the waiters first. */
export function unitsOf(heap: HeapGraph, parts: ReadonlySet<HeapNode>): Units {
  const owners = [...parts].filter(part => heap.kind(part) === 'object' || heap.kind(part) === 'context')
  const given = owners.flatMap(part => named(settings).flatMap(name => nodeOf(heap, part, name) ?? []))
  const capacity = firstNumber(heap, [...owners, ...given], named([...limits, ...moreLimits]))
  return { capacity, free: firstNumber(heap, owners, named(spares)) ?? 0 }
}

function firstNumber(
  heap: HeapGraph,
  nodes: readonly HeapNode[],
  names: readonly string[],
): number | undefined {
  for (const node of nodes)
    for (const name of names) {
      const value = heap.value(node, name)
      if (value?.kind === 'number' && Number.isFinite(value.value) && value.value > 0) return value.value
    }
  return undefined
}

function named(names: readonly string[]): readonly string[] {
  return names.flatMap(name => prefixes.map(prefix => prefix + name))
}
