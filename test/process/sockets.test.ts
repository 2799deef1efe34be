import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connections, holderOfPort, listeningPorts } from '../../src/process/sockets.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const portOf = (stdout: string) => Number(/^port (\d+)$/m.exec(stdout)?.[1])

test('only the ports of the process itself', async () => {
  const neighbour = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void neighbour.close())
  const { pid, stdout } = await startFixture('idle-server.mjs')
  expect(listeningPorts(pid)).toEqual([
    { address: '127.0.0.1', port: portOf(stdout()), inode: expect.any(Number), fd: expect.any(Number) },
  ])
})

test('who holds a port', async () => {
  const { pid, stdout } = await startFixture('idle-server.mjs')
  expect(holderOfPort(portOf(stdout()))).toMatchObject({
    pid,
    command: expect.stringContaining('idle-server.mjs'),
  })
  expect(holderOfPort(1)).toBeUndefined()
})

test('connections of a process to itself', async () => {
  const { pid, stdout } = await startFixture('many-loop-sources.mjs', {
    args: [`/tmp/impasse-${process.pid}-a`],
  })
  const port = portOf(stdout())
  expect(connections(pid)).toHaveLength(2)
  expect(connections(pid)).toContainEqual(
    expect.objectContaining({ peer: { address: '127.0.0.1', port }, state: 'established', toItself: true }),
  )
})

test('of a process that is not there', () => {
  expect(listeningPorts(2 ** 22 + 7)).toHaveProperty('unknown')
  expect(connections(2 ** 22 + 7)).toHaveProperty('unknown')
})
