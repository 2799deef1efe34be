/** Node's event targets (lib/internal/event_target.js): a linked list of listeners for each event, in a map. */
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'
import { isIo } from './node-handles.ts'

const mostAround = 40

export interface AwaitedEvent {
  readonly event: string
  readonly emitter: HeapNode
}

/** What a listener of it listens to, and for which event; an empty one where that is not told. */
export function targetOf(heap: HeapGraph, listener: HeapNode): AwaitedEvent | undefined {
  const seen = new Set([listener])
  let event = ''
  for (const node of seen) {
    if (seen.size > mostAround) return undefined
    for (const edge of heap.retainers(node)) {
      if (edge.kind === 'entry' && edge.name !== '(key)' && edge.name !== '') event = edge.name
      const kind = heap.kind(edge.node)
      if (kind === 'map' || heap.className(edge.node) === 'Listener' || plain(heap, edge.node))
        seen.add(edge.node)
      else if (kind === 'object' && edge.kind === 'property' && heap.kind(node) === 'map')
        return { event, emitter: edge.node }
    }
  }
  return undefined
}

function plain(heap: HeapGraph, node: HeapNode): boolean {
  return heap.kind(node) === 'object' && /^(?:Object)?$/.test(heap.className(node))
}

/** An abort signal, a message port: what brings something from outside. */
export function isOutside(heap: HeapGraph, target: HeapNode): boolean {
  const name = heap.className(target)
  // Node makes signals without their constructor; a snapshot names them by the one that it used.
  const aborts = name === 'EventTarget' && ['aborted', 'get aborted'].some(one => heap.has(target, one))
  return isIo(name) || aborts
}
