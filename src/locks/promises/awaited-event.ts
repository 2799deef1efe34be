/** Which event of which emitter a promise is settled by: its resolving function is, or is called by, a listener. */
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'
import { type AwaitedEvent, targetOf } from './event-target.ts'
import { nameInHeap } from './name-in-heap.ts'
import type { Step } from './resolver-reach.ts'

/** `stores` are where the resolving functions of the promise wait to be taken out. */
export function awaitedEvent(heap: HeapGraph, stores: readonly Step[]): AwaitedEvent | undefined {
  for (const { node, edge, before } of stores) {
    // EventEmitter (lib/events.js): its only listener for an event, or a list of them.
    if (edge.name === '_events' && before?.edge.kind === 'property')
      return { event: before.edge.name, emitter: node }
    const found = heap.kind(node) === 'array' ? inList(heap, node) : undefined
    if (found !== undefined) return found
    const target = heap.className(node) === 'Listener' ? targetOf(heap, node) : undefined
    if (target !== undefined) return target
  }
  return undefined
}

/** `an event 'done' of bus` */
export function eventText(heap: HeapGraph, { event, emitter }: AwaitedEvent): string {
  const name = nameInHeap(heap, emitter, new Set()) ?? heap.className(emitter)
  return name === '' ? `an event '${event}'` : `an event '${event}' of ${name}`
}

function inList(heap: HeapGraph, list: HeapNode): AwaitedEvent | undefined {
  for (const { kind, name, node } of heap.retainers(list)) {
    if (kind !== 'property') continue
    const emitter = heap.retainers(node).find(one => one.kind === 'property' && one.name === '_events')
    if (emitter !== undefined) return { event: name, emitter: emitter.node }
  }
  return undefined
}
