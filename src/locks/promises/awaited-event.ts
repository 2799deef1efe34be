/** Which event of which emitter a promise is settled by: its resolving function is, or is called by, a listener. */
import { scopesOutward } from '../../heap/await-graph.ts'
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'
import { type AwaitedEvent, targetOf } from './event-target.ts'
import { nameInHeap } from './name-in-heap.ts'
import type { Step } from './resolver-reach.ts'

/** `stores` are where the resolving functions of the promise wait to be taken out. */
export function awaitedEvent(heap: HeapGraph, stores: readonly Step[]): AwaitedEvent | undefined {
  const events = stores.flatMap(step => {
    const found = eventOf(heap, step)
    // `once` listens for failures too, and that listener has the name of what is awaited (lib/events.js).
    const named = found?.event === 'error' ? nameAround(heap, step) : undefined
    return found === undefined ? [] : [named === undefined ? found : { ...found, event: named }]
  })
  return events.find(({ event }) => event !== 'error') ?? events[0]
}

function nameAround(heap: HeapGraph, step: Step): string | undefined {
  for (let at: Step | undefined = step; at !== undefined; at = at.before) {
    if (heap.kind(at.node) !== 'context') continue
    for (const scope of scopesOutward(heap, at.node, mostScopes)) {
      const name = heap.value(scope, 'name')
      const text =
        name?.kind === 'node' ? heap.text(name.node) : name?.kind === 'text' ? name.value : undefined
      if (text !== undefined) return text
    }
  }
  return undefined
}

const mostScopes = 3

function eventOf(heap: HeapGraph, { node, edge, before }: Step): AwaitedEvent | undefined {
  // EventEmitter (lib/events.js): its only listener for an event, or a list of them.
  if (edge.name === '_events' && before?.edge.kind === 'property')
    return { event: before.edge.name, emitter: node }
  if (heap.kind(node) === 'array') return inList(heap, node)
  return heap.className(node) === 'Listener' ? targetOf(heap, node) : undefined
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
