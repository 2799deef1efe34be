/** The protocol of a worker travels as strings inside `NodeWorker` messages of its parent's session. */
import type { Session } from './session.ts'
import type { Transport } from './transport.ts'

/** A transport for each worker of one session. */
export class WorkerTransport implements Transport {
  onMessage: (message: string) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly #parent: Session
  readonly #sessionId: string

  constructor(parent: Session, sessionId: string) {
    this.#parent = parent
    this.#sessionId = sessionId
  }

  send(message: string): void {
    this.#parent.post('NodeWorker.sendMessageToWorker', { sessionId: this.#sessionId, message })
  }

  expect(change: 1 | -1): void {
    this.#parent.expect(change)
  }

  close(): void {
    this.#parent.post('NodeWorker.detach', { sessionId: this.#sessionId })
  }
}
