/** What a promise waits for that is no lock: a timer, Node's handles, another function's doing, or nothing any more. */

import { nodeOf } from '../../heap/await-graph.ts'
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'
import type { AsyncWaits } from './async-waits.ts'

export interface Outside {
  readonly kind: 'timer' | 'i/o' | 'function' | 'open' | 'nothing'
  /** After `waits for`. */
  readonly text: string
  readonly inMs?: number
}

export function outsideOf(waits: AsyncWaits, promise: HeapNode): Outside {
  const { heap } = waits.graph
  const reach = waits.reachOf(promise)
  const [timer] = reach.timers
  if (timer !== undefined) return timerOf(heap, timer)
  if (reach.io.length > 0) return { kind: 'i/o', text: ioText(heap, reach.io) }
  const [root] = reach.roots
  if (root !== undefined && root.edge.kind === 'variable')
    return { kind: 'open', text: `something that may call what '${root.edge.name}' holds` }
  const [store] = reach.stores
  if (store !== undefined) {
    const name = heap.className(store.node)
    const where = name === '' || name === 'Array' || name === 'Object' ? 'a list' : `a ${name}`
    return { kind: 'open', text: `its turn: it waits in ${where}` }
  }
  if (reach.roots.length > 0) return { kind: 'open', text: 'something that a module may still do' }
  if (reach.activations.length > 0) {
    const named = reach.activations.flatMap(node => waits.graph.activations.get(node)?.code.name || [])
    return {
      kind: 'function',
      text: `what ${named[0] ?? 'a suspended function'} may still do when it goes on`,
    }
  }
  if (reach.none) return { kind: 'nothing', text: 'a promise that nothing can settle any more' }
  return { kind: 'open', text: 'a promise' }
}

function timerOf(heap: HeapGraph, timer: HeapNode): Outside {
  const after = heap.value(timer, '_idleTimeout')
  const ms = after?.kind === 'number' && after.value > 0 ? after.value : undefined
  const callback = nodeOf(heap, timer, '_onTimeout')
  const name = callback === undefined ? '' : (heap.code(callback)?.name ?? '')
  const calls = name === '' ? '' : ` that calls ${name}`
  return {
    kind: 'timer',
    text: ms === undefined ? `a timer${calls}` : `a timer of ${ms} ms${calls}`,
    ...(ms !== undefined && { inMs: ms }),
  }
}

const requests: Readonly<Record<string, string>> = {
  FSReqPromise: 'a file operation',
  FSReqCallback: 'a file operation',
  ReadFileJob: 'the reading of a file',
  GetAddrInfoReqWrap: 'a name lookup',
  ChildProcess: 'a child process',
  Socket: 'a socket',
  TLSSocket: 'a socket',
  Server: 'a server',
  MessagePort: 'a message',
  Worker: 'a worker',
  IncomingMessage: 'an HTTP message',
  ClientRequest: 'an HTTP response',
  ServerResponse: 'an HTTP response to be sent',
  Interface: 'a line of input',
  process: 'an event of the process',
  AbortSignal: 'an abort signal',
}

function ioText(heap: HeapGraph, nodes: readonly HeapNode[]): string {
  for (const node of nodes) {
    const known = requests[heap.className(node)]
    if (known !== undefined) return known
  }
  const name = nodes
    .map(node => heap.className(node))
    .find(text => /^[A-Z]\w+$/.test(text) && text !== 'Promise')
  return name === undefined ? 'something of Node or of native code' : `Node's ${name}`
}
