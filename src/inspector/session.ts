/** One protocol session on a transport: matches answers to requests, hands out events, bounds every wait. */
import type { NodeWorker } from 'node:inspector'
import type { Protocol } from 'devtools-protocol'
import type { ProtocolMapping } from 'devtools-protocol/types/protocol-mapping.js'
import type { Transport } from './transport.ts'

/** The commands of V8's domains and of Node's own `NodeWorker`, which the published protocol lacks. */
export interface Commands extends ProtocolMapping.Commands {
  'NodeWorker.enable': { paramsType: [NodeWorker.EnableParameterType]; returnType: undefined }
  'NodeWorker.disable': { paramsType: []; returnType: undefined }
  'NodeWorker.detach': { paramsType: [NodeWorker.DetachParameterType]; returnType: undefined }
  'NodeWorker.sendMessageToWorker': {
    paramsType: [NodeWorker.SendMessageToWorkerParameterType]
    returnType: undefined
  }
}

export interface Events {
  'Debugger.scriptParsed': Protocol.Debugger.ScriptParsedEvent
  'Debugger.paused': Protocol.Debugger.PausedEvent
  'Debugger.resumed': undefined
  'HeapProfiler.addHeapSnapshotChunk': Protocol.HeapProfiler.AddHeapSnapshotChunkEvent
  'NodeWorker.attachedToWorker': NodeWorker.AttachedToWorkerEventDataType
  'NodeWorker.detachedFromWorker': NodeWorker.DetachedFromWorkerEventDataType
  'NodeWorker.receivedMessageFromWorker': NodeWorker.ReceivedMessageFromWorkerEventDataType
}

/** What became of a request: never thrown, because a thread that does not answer is a finding, not a failure. */
export type Reply<T> =
  | { readonly ok: true; readonly result: T }
  | { readonly ok: false; readonly why: 'deadline' | 'closed' | 'refused'; readonly message: string }

type Parameters<C extends keyof Commands> = Commands[C]['paramsType'][0]

export class Session {
  readonly #transport: Transport
  readonly #pending = new Map<number, (reply: Reply<never>) => void>()
  readonly #listeners = new Map<string, ((parameters: never) => void)[]>()
  #lastId = 0
  #closed: string | undefined
  /** Called once, when the session is gone. */
  onClose: (reason: string) => void = () => {}

  constructor(transport: Transport) {
    this.#transport = transport
    transport.onMessage = message => this.#receive(message)
    transport.onClose = reason => this.#end(reason)
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  /** Sends a command; the answer comes within `deadlineMs` or is a reason why there is none. */
  send<C extends keyof Commands & string>(
    method: C,
    parameters: Parameters<C>,
    deadlineMs: number,
  ): Promise<Reply<Commands[C]['returnType']>> {
    if (this.#closed !== undefined)
      return Promise.resolve({ ok: false, why: 'closed', message: this.#closed })
    const id = ++this.#lastId
    return new Promise(resolve => {
      const timer = setTimeout(
        () =>
          settle({
            ok: false,
            why: 'deadline',
            message: `${method} was not answered within ${deadlineMs} ms`,
          }),
        deadlineMs,
      )
      this.expect(1)
      const settle = (reply: Reply<never>) => {
        clearTimeout(timer)
        this.expect(-1)
        this.#pending.delete(id)
        resolve(reply)
      }
      this.#pending.set(id, settle)
      this.#transport.send(JSON.stringify({ id, method, params: parameters }))
    })
  }

  /** Sends a command whose answer nobody needs. */
  post<C extends keyof Commands & string>(method: C, parameters: Parameters<C>): void {
    if (this.#closed === undefined)
      this.#transport.send(JSON.stringify({ id: ++this.#lastId, method, params: parameters }))
  }

  /** Something beside an answer (an event) is awaited, or no longer. */
  expect(change: 1 | -1): void {
    this.#transport.expect(change)
  }

  on<E extends keyof Events>(event: E, listener: (parameters: Events[E]) => void): void {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) this.#listeners.set(event, [listener])
    else listeners.push(listener)
  }

  close(): void {
    this.#transport.close()
    this.#end('closed by us')
  }

  #receive(text: string): void {
    const message = JSON.parse(text)
    if (message.id !== undefined) {
      const reply = message.error
        ? { ok: false as const, why: 'refused' as const, message: String(message.error.message) }
        : { ok: true as const, result: message.result as never }
      this.#pending.get(message.id)?.(reply)
    } else for (const listener of this.#listeners.get(message.method) ?? []) listener(message.params as never)
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    for (const settle of [...this.#pending.values()]) settle({ ok: false, why: 'closed', message: reason })
    this.onClose(reason)
  }
}
