/** How many a lock has let in by its own count: a number that the code which lets the next one in counts down. */
import { nodeOf, scopesOutward } from '../../heap/await-graph.ts'
import type { HeapGraph, HeapNode, HeapValue } from '../../heap/graph.ts'
import { type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import type { FunctionSource } from './function-sources.ts'
import { takesNext } from './next-taker.ts'
import { nameOfProperty } from './suspended-code.ts'
import type { WaitersStore } from './waiters-store.ts'

const mostScopes = 12

interface Counter {
  readonly name: string
  readonly value: number
}

/**
 * The reason why more may be inside than the `taken` that were seen: a count of the lock's own says so, or it has none and only the
 * functions that run its jobs tell of them. Undefined where all are seen.
 */
export function moreByCount(waits: AsyncWaits, lock: PromiseLock, taken: number): string | undefined {
  if (lock.keyed || taken === 0) return undefined
  const counters = countersAround(waits, lock)
  if (counters.some(({ value }) => value === taken)) return undefined
  const more = counters.find(({ value }) => value > taken)
  if (more) return `${taken} of those that it has let in are seen, and '${more.name}' counts ${more.value}`
  return lock.units.capacity === undefined && lock.holds.some(({ runs }) => runs === true)
    ? 'no number tells how many it lets in'
    : undefined
}

function countersAround(waits: AsyncWaits, lock: PromiseLock): readonly Counter[] {
  const { heap } = waits.graph
  const holders = lock.holds.map(({ activation }) => activation)
  const methods = [...lock.methods].flatMap(
    name => (lock.owner === undefined ? undefined : heap.method(lock.owner, name)) ?? [],
  )
  const functions = [...methods, ...lock.functions, ...lock.runsNext]
  const sources = [
    ...functions.map(node => waits.sources.ofNode(node)),
    ...holders.map(({ code }) => waits.sources.of(code)),
  ]
  const scripts = new Map(
    sources.flatMap(source => (source === undefined ? [] : [[source.syntax, source] as const])),
  )
  const scopes = [
    ...[...lock.parts].filter(part => heap.kind(part) === 'context'),
    ...functions.flatMap(node => nodeOf(heap, node, 'context') ?? []),
    ...holders.flatMap(({ context }) => context ?? []),
  ]
  return countersOf(heap, lock, scripts.values(), scopes)
}

/** `scopes` are those that functions of the lock run in, by which variables are found. */
function countersOf(
  heap: HeapGraph,
  { parts, names }: Pick<WaitersStore, 'parts' | 'names'>,
  scripts: Iterable<FunctionSource>,
  scopes: readonly HeapNode[],
): readonly Counter[] {
  const found = new Map<string, number>()
  for (const source of scripts) {
    for (const fn of source.syntax.functions) {
      const counted = countedDown(fn)
      if (counted.length === 0 || !takesNext(source, names, fn)) continue
      for (const { name, isField } of counted) {
        const value = isField ? fieldOf(heap, parts, name) : variableOf(heap, scopes, name)
        if (value !== undefined) found.set(name, value)
      }
    }
  }
  return [...found].map(([name, value]) => ({ name, value }))
}

/** `active--`, `this.active -= 1`; `busy = false`, which is a count to one. */
function countedDown(fn: Node): readonly { readonly name: string; readonly isField: boolean }[] {
  const found: { readonly name: string; readonly isField: boolean }[] = []
  for (const node of walk(fn)) {
    const target =
      node.type === 'UpdateExpression' && node.operator === '--'
        ? node.argument
        : node.type === 'AssignmentExpression' && node.operator === '-='
          ? node.left
          : node.type === 'AssignmentExpression' && isFalse(node.right as Node)
            ? node.left
            : undefined
    const inner = target && unwrapped(target as Node)
    if (inner?.type === 'Identifier') found.push({ name: inner.name, isField: false })
    const field = inner?.type === 'MemberExpression' ? nameOfProperty(inner) : undefined
    if (field !== undefined) found.push({ name: field, isField: true })
  }
  return found
}

function isFalse(node: Node): boolean {
  return node.type === 'Literal' && node.value === false
}

function numberOf(value: HeapValue | undefined): number | undefined {
  if (value?.kind === 'boolean') return value.value ? 1 : undefined
  return value?.kind === 'number' ? value.value : undefined
}

function fieldOf(heap: HeapGraph, parts: Iterable<HeapNode>, name: string): number | undefined {
  for (const part of parts) {
    const value = numberOf(heap.kind(part) === 'object' ? heap.value(part, name) : undefined)
    if (value !== undefined) return value
  }
  return undefined
}

function variableOf(heap: HeapGraph, scopes: readonly HeapNode[], name: string): number | undefined {
  for (const start of scopes) {
    for (const scope of scopesOutward(heap, start, mostScopes)) {
      const value = heap.value(scope, name)
      if (value !== undefined) return numberOf(value)
    }
  }
  return undefined
}
