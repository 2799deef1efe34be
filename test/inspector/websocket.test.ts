import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { openWebSocket } from '../../src/inspector/websocket.ts'

/** The peer is `ws`: what it accepts and sends is the standard. */
async function connect() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[WebSocket]>
  const client = await openWebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}/id`, 1000)
  const [peer] = await accepted
  onTestFinished(() => peer.terminate())
  const fromPeer: string[] = []
  const fromClient: string[] = []
  client.onMessage = text => fromPeer.push(text)
  peer.on('message', data => fromClient.push(String(data)))
  return { client, peer, fromPeer, fromClient }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 1))
}

describe('against ws as the peer', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536, 3_000_000])(
    'a message of %i bytes arrives whole, both ways',
    async size => {
      const { client, peer, fromPeer, fromClient } = await connect()
      const text = 'é'.repeat(size / 2) + 'x'.repeat(size % 2)
      peer.send(text)
      client.send(text)
      await until(() => fromPeer.length === 1 && fromClient.length === 1)
      expect(fromPeer[0]).toBe(text)
      expect(fromClient[0]).toBe(text)
    },
  )

  test('a thousand messages of one tick arrive in order', async () => {
    const { client, fromClient } = await connect()
    const messages = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(index)}`)
    for (const message of messages) client.send(message)
    await until(() => fromClient.length === messages.length)
    expect(fromClient).toEqual(messages)
  })

  test('what arrives is acknowledged only while something is awaited', async () => {
    const { client, peer, fromClient, fromPeer } = await connect()
    peer.send('{"unasked":1}')
    await until(() => fromPeer.length === 1)
    await new Promise(resolve => setTimeout(resolve, 10))
    expect(fromClient).toEqual([])
    client.expect(1)
    peer.send('{"asked":1}')
    await until(() => fromClient.length > 0)
    expect(fromClient[0]).toBe('{"id":0,"method":"x"}')
    client.expect(-1)
  })

  test('answers to acknowledgements are not handed on', async () => {
    const { peer, fromPeer } = await connect()
    peer.send(`{"error":{"code":-32601,"message":"'x' wasn't found"},"id":0}`)
    peer.send('{"id":1,"result":{}}')
    await until(() => fromPeer.length > 0)
    expect(fromPeer).toEqual(['{"id":1,"result":{}}'])
  })

  test('it closes with the closing handshake, and says when the peer did', async () => {
    const first = await connect()
    const closed = once(first.peer, 'close')
    first.client.close()
    await closed
    const second = await connect()
    const reason = new Promise(resolve => (second.client.onClose = resolve))
    second.peer.close()
    expect(await reason).toMatch(/ended the session/)
  })
})

describe('no frame leaves in two writes, because Node crashes on half a header', () => {
  test('each segment begins and ends with a frame', async () => {
    const chunks: Buffer[] = []
    const server = createServer(socket => answerUpgrade(socket, chunks))
    server.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const client = await openWebSocket(
      `ws://127.0.0.1:${(server.address() as { port: number }).port}/id`,
      1000,
    )
    for (let index = 0; index < 200; index += 1) client.send('x'.repeat(997))
    await until(() => chunks.reduce((sum, chunk) => sum + chunk.length, 0) >= 200 * (997 + 8))
    for (const chunk of chunks) {
      expect(chunk.length % (997 + 8)).toBe(0)
      expect(chunk.length).toBeLessThanOrEqual(65_536)
    }
    client.close()
  })
})

function answerUpgrade(socket: Socket, chunks: Buffer[]): void {
  socket.once('data', () => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    socket.on('data', chunk => chunks.push(chunk))
  })
  socket.on('error', () => {})
}

describe('what is no inspector', () => {
  test('a server that answers otherwise is refused', async () => {
    const server = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
    server.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}/id`
    await expect(openWebSocket(url, 1000)).rejects.toThrow(/answered 400/)
  })

  test('a server that says nothing is left after the deadline', async () => {
    const server = createServer(() => {})
    server.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}/id`
    await expect(openWebSocket(url, 50)).rejects.toThrow(/no answer within 50 ms/)
  })
})
