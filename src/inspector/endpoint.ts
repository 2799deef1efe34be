/** What listens behind an inspector's port: `GET /json/list` (src/inspector_socket_server.cc). */
import { http } from './http.ts'

export interface Endpoint {
  /** `ws://127.0.0.1:9229/<id>`. */
  readonly webSocketUrl: string
  readonly title: string
}

/** Asks the port for its target; rejects when it does not answer as Node's inspector within `deadlineMs`. */
export function findEndpoint(address: string, port: number, deadlineMs: number): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    const call = http.get({ host: address, port, path: '/json/list' }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > 1_000_000) call.destroy(new Error('its answer is no target list'))
      })
      response.on('end', () => {
        clearTimeout(timer)
        const endpoint = readList(text, address, port)
        if (endpoint === undefined) reject(new Error('its answer is no target list'))
        else resolve(endpoint)
      })
    })
    const timer = setTimeout(() => call.destroy(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
    call.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
  })
}

/** The first target of the list. Its URL names the Host header's address, so ours is put in its place. */
function readList(text: string, address: string, port: number): Endpoint | undefined {
  try {
    const [first] = JSON.parse(text)
    const id = /^ws:\/\/.*\/([^/]+)$/.exec(first.webSocketDebuggerUrl)?.[1]
    if (id === undefined) return undefined
    const host = address.includes(':') ? `[${address}]` : address
    return { webSocketUrl: `ws://${host}:${port}/${id}`, title: String(first.title) }
  } catch {
    return undefined
  }
}
