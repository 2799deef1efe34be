/** Node's own classes that bring something from outside: by the names of their constructors (lib/, src/async_wrap.h). */
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'

const io =
  /^(?:Server|Socket|TLSSocket|TLSServer|Http2\w*|ClientHttp2\w*|ServerHttp2\w*|ServerResponse|IncomingMessage|ClientRequest|OutgoingMessage|Agent|ChildProcess|Worker|MessagePort|BroadcastChannel|Interface|Pipe|TTY|TCP|UDP|Process|FSWatcher|StatWatcher|FSEvent|StatFsWatcher|ReadStream|WriteStream|FileHandle|Dir|Resolver|ChannelWrap|QueryReqWrap|Zlib|Brotli\w*|\w+Wrap|\w*(?:Req|Request)Callback|FSReqPromise|\w+Job|JSStream|process|AbortSignal)$/

/** A request, a handle, or an object that Node builds around one. */
export function isIo(className: string): boolean {
  return io.test(className)
}

export function isTimer(className: string): boolean {
  return className === 'Timeout' || className === 'Immediate'
}

/**
 * A timer that was cleared, or has fired for good (lib/internal/timers.js). One that is set is in a list, which refers back to it; a
 * heap snapshot tells no more.
 */
export function isCleared(heap: HeapGraph, timer: HeapNode): boolean {
  const destroyed = heap.value(timer, '_destroyed')
  if (destroyed?.kind === 'boolean') return destroyed.value
  const isLinked = ['_idleNext', '_idlePrev'].some(link => heap.value(timer, link)?.kind === 'node')
  return heap.className(timer) === 'Timeout' && !isLinked
}
