/** How many a lock lets in, and how many it could let in now, from the numbers that it keeps. */
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
const settings = /(?:options|opts|config|settings)$/i
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
  const given = [...owners, ...owners.flatMap(part => satellites(heap, part))].flatMap(part =>
    heap.edges(part).flatMap(({ kind, name, node }) => (isNamed(kind) && settings.test(name) ? [node] : [])),
  )
  const capacity = firstNumber(heap, [...owners, ...given], named([...limits, ...moreLimits]))
  return { capacity, free: firstNumber(heap, owners, named(spares)) ?? 0 }
}

/** Objects of its own that know it: a store with a field for the limiter that keeps it in a field. */
function satellites(heap: HeapGraph, part: HeapNode): readonly HeapNode[] {
  if (heap.kind(part) !== 'object') return []
  return heap
    .edges(part)
    .filter(({ kind, node }) => kind === 'property' && heap.kind(node) === 'object')
    .map(({ node }) => node)
    .filter(node => heap.edges(node).some(edge => edge.kind === 'property' && edge.node === part))
}

function isNamed(kind: string): boolean {
  return kind === 'property' || kind === 'variable'
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
