/** One inspector connection to a process: its main thread and all workers, nested ones too. */
import { allowedExpressions } from './allowed-expressions.ts'
import { InspectedThread } from './inspected-thread.ts'
import { type Reply, Session } from './session.ts'
import { openWebSocket } from './websocket.ts'
import { WorkerTransport } from './worker-transport.ts'

export class InspectedProcess {
  readonly main: InspectedThread
  readonly #workers = new Map<string, InspectedThread>()
  readonly #transports = new Map<string, WorkerTransport>()

  /** Connects to `ws://host:port/id`; rejects when that fails. */
  static async connect(webSocketUrl: string, deadlineMs: number): Promise<InspectedProcess> {
    return new InspectedProcess(new Session(await openWebSocket(webSocketUrl, deadlineMs)))
  }

  private constructor(session: Session) {
    this.main = new InspectedThread(session, 0, '')
    session.on('NodeWorker.attachedToWorker', ({ sessionId, workerInfo }) => {
      const transport = new WorkerTransport(session, sessionId)
      const { threadId, name } = readTitle(workerInfo.title)
      this.#transports.set(sessionId, transport)
      this.#workers.set(sessionId, new InspectedThread(new Session(transport), threadId, name))
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ sessionId, message }) =>
      this.#transports.get(sessionId)?.onMessage(message),
    )
    session.on('NodeWorker.detachedFromWorker', ({ sessionId }) => {
      this.#transports.get(sessionId)?.onClose('the worker has exited')
      this.#workers.delete(sessionId)
    })
    session.onClose = reason => {
      for (const transport of this.#transports.values()) transport.onClose(reason)
    }
  }

  /** Main first, then workers by thread id. */
  get threads(): readonly InspectedThread[] {
    const workers = [...this.#workers.values()]
    return [this.main, ...workers.sort((one, other) => one.threadId - other.threadId)]
  }

  /** Attaches to every worker; their sessions exist when the answer comes. */
  listWorkers(deadlineMs: number): Promise<Reply<undefined>> {
    return this.main.session.send('NodeWorker.enable', { waitForDebuggerOnStart: false }, deadlineMs)
  }

  /**
   * Ends the inspector of the target; true when it has. The answer is the end of the connection. Node's main thread
   * stands still until its inspector thread has seen the socket closed, so this must not wait for a late segment.
   */
  endInspector(deadlineMs: number): Promise<boolean> {
    const { session } = this.main
    if (session.closed) return Promise.resolve(true)
    return new Promise(resolve => {
      const settle = (ended: boolean) => {
        clearTimeout(timer)
        session.expect(-1)
        resolve(ended)
      }
      const timer = setTimeout(() => settle(false), deadlineMs)
      const { onClose } = session
      session.onClose = reason => {
        onClose(reason)
        settle(true)
      }
      session.expect(1)
      session.post('Runtime.evaluate', { expression: allowedExpressions.endInspector, silent: true })
    })
  }

  close(): void {
    this.main.session.close()
  }
}

/** `[worker 3] drain` (since 20) or `Worker 3` (before): the only place where the protocol tells the thread id. */
function readTitle(title: string): { threadId: number; name: string } {
  const parts = /^\[?worker (\d+)\]?\s*(.*)$/i.exec(title)
  return { threadId: parts === null ? -1 : Number(parts[1]), name: parts?.[2] ?? title }
}
