/** What a promise waits for that is no lock: a timer, Node's handles, another function's doing, or nothing any more. */

import { nodeOf } from '../../heap/await-graph.ts'
import type { HeapFunction, HeapGraph, HeapNode } from '../../heap/graph.ts'
import type { AsyncWaits } from './async-waits.ts'

export interface Outside {
  readonly kind: 'timer' | 'i/o' | 'function' | 'open' | 'nothing'
  /** After `waits for`. */
  readonly text: string
  readonly inMs?: number
}

/** `loopNow`: the time on the clock of the thread's event loop, in which Node's timers count, where it is known. */
export function outsideOf(waits: AsyncWaits, promise: HeapNode, loopNow?: number): Outside {
  const { heap } = waits.graph
  const reach = waits.reachOf(promise)
  // What is about a handle may have a timer of Node's own: that is not how the wait ends.
  const isOwn = (node: HeapNode) => !(callbackOf(heap, node)?.place?.script ?? '').startsWith('node:')
  const timer = reach.io.length === 0 ? reach.timers[0] : reach.timers.find(isOwn)
  if (timer !== undefined) return timerOf(heap, timer, loopNow)
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

function timerOf(heap: HeapGraph, timer: HeapNode, loopNow: number | undefined): Outside {
  const after = positive(heap, timer, '_idleTimeout')
  const name = callbackOf(heap, timer)?.name ?? ''
  const calls = name === '' ? '' : ` that calls ${name}`
  if (after === undefined) return { kind: 'timer', text: `a timer${calls}` }
  const left = remaining(after, positive(heap, timer, '_idleStart'), loopNow)
  const due = left === undefined ? '' : `, due in about ${inWords(left)}`
  return { kind: 'timer', text: `a timer of ${after} ms${calls}${due}`, inMs: left ?? after }
}

function callbackOf(heap: HeapGraph, timer: HeapNode): HeapFunction | undefined {
  const callback = nodeOf(heap, timer, '_onTimeout')
  const target = callback === undefined ? undefined : nodeOf(heap, callback, 'bound_function')
  return callback === undefined ? undefined : heap.code(target ?? callback)
}

/** How long a timer still has, milliseconds; undefined where its start or the loop's clock make no sense. */
function remaining(
  after: number,
  start: number | undefined,
  loopNow: number | undefined,
): number | undefined {
  if (start === undefined || loopNow === undefined || loopNow + clockError < start) return undefined
  const left = start + after - loopNow
  return left < -clockError ? undefined : Math.min(after, Math.max(0, Math.round(left)))
}

/** A thread's start is known to a hundredth of a second, and its loop's clock begins some time later. */
const clockError = 500

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 1) return 'a moment'
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

function positive(heap: HeapGraph, node: HeapNode, name: string): number | undefined {
  const value = heap.value(node, name)
  return value?.kind === 'number' && value.value > 0 ? value.value : undefined
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

/** Which one it is: a child by its pid and program, a request by its host. */
function which(heap: HeapGraph, node: HeapNode): string {
  const pid = positive(heap, node, 'pid')
  if (heap.className(node) === 'ChildProcess' && pid !== undefined) {
    const file = textOf(heap, node, 'spawnfile')
    return file === undefined ? ` (${pid})` : ` (${file}, ${pid})`
  }
  const name = heap.className(node)
  if (name === 'Socket' || name === 'TLSSocket') return peerOf(heap, node)
  return name === 'ClientRequest' ? `${askedOf(heap, node)}${queued(heap, node)}` : ''
}

/** The other end of a socket, as far as its fields tell: Node's handle has the rest (lib/net.js). */
function peerOf(heap: HeapGraph, socket: HeapNode): string {
  const peer = nodeOf(heap, socket, '_peername')
  const address = peer === undefined ? undefined : textOf(heap, peer, 'address')
  const port = peer === undefined ? undefined : positive(heap, peer, 'port')
  if (address !== undefined && port !== undefined) return ` to ${address}:${port}`
  const attempted = nodeOf(heap, socket, 'autoSelectFamilyAttemptedAddresses')
  const attempts =
    attempted === undefined ? [] : heap.edges(attempted).filter(({ kind }) => kind === 'element')
  const last = attempts.at(-1)
  const tried = last === undefined ? undefined : heap.text(last.node)
  const host = tried ?? textOf(heap, socket, '_host')
  return host === undefined ? '' : ` to ${host}`
}

/** `from 127.0.0.1:8080 (GET /orders)`: by the head that was sent (lib/_http_outgoing.js), without the query. */
function askedOf(heap: HeapGraph, request: HeapNode): string {
  const head = heap.value(request, '_header')
  const text = head?.kind === 'text' ? head.value : head?.kind === 'node' ? (heap.text(head.node) ?? '') : ''
  const [, method, path] = /^([A-Z]+) ([^ ?]*)/.exec(text) ?? []
  const [, host = textOf(heap, request, 'host')] = /\r\nhost: ([^\r]+)/i.exec(text) ?? []
  const asked = method === undefined || path === undefined ? '' : ` (${method} ${path.slice(0, 60)})`
  return host === undefined ? asked : ` from ${host}${asked}`
}

/** A request of `http` that has no socket yet, since its agent has as many as it may (lib/_http_agent.js: `requests` by host). */
function queued(heap: HeapGraph, request: HeapNode): string {
  const agent = nodeOf(heap, request, 'agent')
  const most = agent === undefined ? undefined : positive(heap, agent, 'maxSockets')
  const requests = agent === undefined ? undefined : nodeOf(heap, agent, 'requests')
  if (requests === undefined || most === undefined) return ''
  const isQueued = heap
    .edges(requests)
    .some(({ node }) => heap.kind(node) === 'array' && heap.edges(node).some(one => one.node === request))
  return isQueued ? `, and before that for a free socket of its agent (all ${most} in use)` : ''
}

function textOf(heap: HeapGraph, node: HeapNode, name: string): string | undefined {
  const value = heap.value(node, name)
  return value?.kind === 'text' ? value.value.slice(0, 60) : undefined
}

function isSignal(heap: HeapGraph, node: HeapNode): boolean {
  return heap.className(node) === 'AbortSignal'
}

function ioText(heap: HeapGraph, nodes: readonly HeapNode[]): string {
  // What may be aborted is something else.
  const order = [...nodes].sort((one, other) => Number(isSignal(heap, one)) - Number(isSignal(heap, other)))
  for (const node of order) {
    const known = requests[heap.className(node)]
    if (known !== undefined) return `${known}${which(heap, node)}`
  }
  const name = nodes
    .map(node => heap.className(node))
    .find(text => /^[A-Z]\w+$/.test(text) && text !== 'Promise')
  return name === undefined ? 'something of Node or of native code' : `Node's ${name}`
}
