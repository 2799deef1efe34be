/**
 * A WebSocket client for Node's inspector: text frames over loopback (RFC 6455, sections 4 and 5), nothing else.
 *
 * Two faults of the inspector's server (src/inspector_socket.cc, Node 18 to 26) shape it:
 * - It leaves Nagle's algorithm on, and a client's kernel delays its acknowledgements by 40 ms, so with an ordinary
 *   client each second small segment waits. Whatever arrives while an answer is awaited is therefore acknowledged at
 *   once by a tiny frame: an unknown method, answered with an error that nobody awaits.
 * - Its frame decoder reads past its buffer when it sees only the first bytes of a frame, and **the target crashes**.
 *   So frames leave whole, in writes that fit one segment of the loopback device, each after a sign of life.
 */
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import { http } from './http.ts'
import type { Transport } from './transport.ts'

const TEXT = 0x81
const CLOSE = 0x88
const ACKNOWLEDGEMENT = frame(TEXT, Buffer.from('{"id":0,"method":"x"}'))
/** Its answer begins like this; nothing else has the id 0. */
const ANSWER_TO_ACKNOWLEDGEMENT = /^\{("error":\{.*\},)?"id":0[,}]/
/** Half of the 64 KiB that the server reads at a time, and of a loopback segment. */
const LARGEST_WRITE = 32_768

/** One masked frame; the mask is zero, which RFC 6455 allows a client on loopback to choose. */
function frame(opcode: number, payload: Buffer): Buffer {
  const length = payload.length
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const header = Buffer.alloc(2 + extended + 4)
  header[0] = opcode
  header[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) header.writeUInt16BE(length, 2)
  if (extended === 8) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, payload])
}

/** Opens `ws://host:port/path`. Rejects when the server refuses, hangs up, or `deadlineMs` has passed. */
export function openWebSocket(url: string, deadlineMs: number): Promise<Transport> {
  const { hostname, port, pathname } = new URL(url)
  const upgrade: ClientRequest = http.request({
    host: hostname.replace(/^\[|\]$/g, ''),
    port,
    path: pathname,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      // Meant against caching proxies; the server only mixes it into its answer.
      'Sec-WebSocket-Key': Buffer.from(Array.from({ length: 16 }, () => Math.random() * 256)).toString(
        'base64',
      ),
    },
  })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => upgrade.destroy(new Error(`no answer within ${deadlineMs} ms`)),
      deadlineMs,
    )
    upgrade.on('upgrade', (_response, socket: Socket, head: Buffer) => {
      clearTimeout(timer)
      resolve(new LoopbackWebSocket(socket, head))
    })
    upgrade.on('response', response => {
      clearTimeout(timer)
      upgrade.destroy()
      reject(new Error(`the inspector answered ${response.statusCode} instead of opening a session`))
    })
    upgrade.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    upgrade.end()
  })
}

class LoopbackWebSocket implements Transport {
  onMessage: (message: string) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly #socket: Socket
  /** What has come of a frame that is not whole yet, and how many bytes it takes until it may be. */
  #received: Buffer[]
  #wanted = 0
  #outgoing: Buffer[] = []
  #writing = false
  #expected = 0
  #acknowledging: NodeJS.Timeout | undefined
  #closed = false

  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket
    this.#received = head.length === 0 ? [] : [head]
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#read(chunk))
    socket.on('error', error => this.#ended(error.message))
    socket.on('close', () => this.#ended('the connection was closed'))
  }

  send(message: string): void {
    if (this.#closed) return
    this.#outgoing.push(frame(TEXT, Buffer.from(message)))
    if (this.#writing) return
    this.#writing = true
    // All messages of one tick leave together, so that the target's threads get them together.
    process.nextTick(() => this.#write())
  }

  expect(change: 1 | -1): void {
    this.#expected += change
  }

  close(): void {
    if (this.#closed) return
    while (this.#outgoing.length > 0) this.#socket.write(this.#nextBatch())
    this.#socket.end(frame(CLOSE, Buffer.alloc(0)))
    this.#ended('closed by us')
    // A frozen target may never answer the close frame.
    setTimeout(() => this.#socket.destroy(), 50).unref()
  }

  #write(): void {
    this.#writing = false
    if (this.#closed || this.#outgoing.length === 0) return
    clearTimeout(this.#acknowledging)
    this.#acknowledging = undefined
    this.#socket.write(this.#nextBatch())
    if (this.#outgoing.length === 0) return
    this.#writing = true
    setTimeout(() => this.#write(), 1)
  }

  #nextBatch(): Buffer {
    let count = 0
    let size = 0
    while (
      count < this.#outgoing.length &&
      (count === 0 || size + this.#outgoing[count]!.length <= LARGEST_WRITE)
    ) {
      size += this.#outgoing[count]!.length
      count += 1
    }
    return Buffer.concat(this.#outgoing.splice(0, count))
  }

  #acknowledge(delayMs: number): void {
    if (this.#expected === 0 || this.#closed || this.#writing) return
    clearTimeout(this.#acknowledging)
    if (delayMs === 0) this.#socket.write(ACKNOWLEDGEMENT)
    else this.#acknowledging = setTimeout(() => this.#acknowledge(0), delayMs)
  }

  #read(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#wanted -= chunk.length
    // A long message comes in many parts: it is put together once.
    if (this.#wanted > 0) {
      this.#acknowledge(1)
      return
    }
    let rest = this.#received.length === 1 ? chunk : Buffer.concat(this.#received)
    let onlyAcknowledged = true
    for (;;) {
      const size = frameSize(rest)
      const missing = size === undefined ? 0 : size.header + size.payload - rest.length
      this.#wanted = Math.max(0, missing)
      if (size === undefined || missing > 0) break
      const text = rest.toString('utf8', size.header, size.header + size.payload)
      const opcode = rest[0]! & 0x0f
      rest = rest.subarray(size.header + size.payload)
      if (opcode === 8) this.#ended('the inspector ended the session')
      else if (opcode === 1 && !(text.length < 200 && ANSWER_TO_ACKNOWLEDGEMENT.test(text))) {
        onlyAcknowledged = false
        this.onMessage(text)
      }
    }
    this.#received = rest.length === 0 ? [] : [rest]
    this.#acknowledge(onlyAcknowledged ? 1 : 0)
  }

  #ended(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#acknowledging)
    this.#socket.end()
    this.onClose(reason)
  }
}

/** Bytes of the first frame's header and payload; undefined while the header is incomplete. Servers never mask. */
function frameSize(bytes: Buffer): { header: number; payload: number } | undefined {
  if (bytes.length < 2) return undefined
  const short = bytes[1]! & 0x7f
  if (short < 126) return { header: 2, payload: short }
  if (short === 126) return bytes.length < 4 ? undefined : { header: 4, payload: bytes.readUInt16BE(2) }
  return bytes.length < 10 ? undefined : { header: 10, payload: Number(bytes.readBigUInt64BE(2)) }
}
