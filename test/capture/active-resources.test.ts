import { expect, test } from 'vitest'
import { withActiveResources } from '../../src/capture/active-resources.ts'

const server = { kind: 'server', text: 'listens on 127.0.0.1:80', outside: true }
const timer = {
  kind: 'timer',
  text: 'a timer of the program or of V8, due 98 ms after the wait began',
  outside: true,
}
const texts = (names: unknown, sources = [timer, server]) =>
  withActiveResources({ sources, complete: true }, names).sources.map(({ text }) => text)

test('timers are counted, and the kernel tells when the next one is due', () => {
  expect(texts(['Timeout', 'Timeout', 'TCPServerWrap'])).toEqual([
    '2 timers, the next due 98 ms after the wait began',
    'listens on 127.0.0.1:80',
  ])
})

test("requests of the pool and ports are named; what a descriptor stands for is the kernel's to tell", () => {
  expect(
    texts(
      ['FSReqCallback', 'FSReqPromise', 'MessagePort', 'GetAddrInfoReqWrap', 'TTYWrap', 'constructor'],
      [server],
    ),
  ).toEqual(['1 message port', '2 file requests', '1 name lookup', 'listens on 127.0.0.1:80'])
})

test('without a list of names nothing changes', () => {
  expect(texts(undefined)).toEqual([timer.text, server.text])
})
