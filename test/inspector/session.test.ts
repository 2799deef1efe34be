import { expect, test } from 'vitest'
import { Session } from '../../src/inspector/session.ts'
import type { Transport } from '../../src/inspector/transport.ts'

function fake() {
  const sent: { id: number; method: string }[] = []
  let expected = 0
  const transport: Transport = {
    send: message => sent.push(JSON.parse(message)),
    expect: change => {
      expected += change
    },
    onMessage: () => {},
    onClose: () => {},
    close: () => {},
  }
  return { transport, session: new Session(transport), sent, expected: () => expected }
}

test('answers find their requests, in whatever order they come', async () => {
  const { transport, session, sent } = fake()
  const first = session.send('Runtime.evaluate', { expression: '1' }, 1000)
  const second = session.send('Runtime.evaluate', { expression: '2' }, 1000)
  transport.onMessage(JSON.stringify({ id: sent[1]!.id, result: { result: { type: 'number', value: 2 } } }))
  transport.onMessage(JSON.stringify({ id: sent[0]!.id, error: { message: 'refused' } }))
  expect(await second).toMatchObject({ ok: true, result: { result: { value: 2 } } })
  expect(await first).toEqual({ ok: false, why: 'refused', message: 'refused' })
})

test('a request that is not answered says which one it was, and a late answer does no harm', async () => {
  const { transport, session, sent, expected } = fake()
  const reply = session.send('Debugger.enable', {}, 10)
  expect(expected()).toBe(1)
  expect(await reply).toEqual({
    ok: false,
    why: 'deadline',
    message: 'Debugger.enable was not answered within 10 ms',
  })
  expect(expected()).toBe(0)
  transport.onMessage(JSON.stringify({ id: sent[0]!.id, result: {} }))
})

test('when the connection ends, everything pending is told so, and nothing more is sent', async () => {
  const { transport, session, sent } = fake()
  const reply = session.send('Debugger.enable', {}, 1000)
  transport.onClose('the connection was closed')
  expect(await reply).toEqual({ ok: false, why: 'closed', message: 'the connection was closed' })
  expect(await session.send('Debugger.enable', {}, 1000)).toMatchObject({ ok: false, why: 'closed' })
  session.post('Debugger.resume', {})
  expect(sent).toHaveLength(1)
})

test('events reach those who listen', () => {
  const { transport, session } = fake()
  const seen: string[] = []
  session.on('Debugger.scriptParsed', script => seen.push(script.url))
  transport.onMessage(JSON.stringify({ method: 'Debugger.scriptParsed', params: { url: 'file:///a.js' } }))
  transport.onMessage(JSON.stringify({ method: 'Debugger.resumed' }))
  expect(seen).toEqual(['file:///a.js'])
})
