import { describe, expect, test, vi } from 'vitest'
import { inspectorPort } from '../../src/process/inspector-port.ts'
import { known } from '../../src/process/proc.ts'
import { listeningPorts } from '../../src/process/sockets.ts'
import { switches, threadsOf, viewOf } from '../../src/process/threads.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const threads = (pid: number) => known(threadsOf(pid))!

describe.each(targetNodes())('Node $major', ({ path, major }) => {
  test('its threads are told apart', async () => {
    const { pid } = await startFixture('every-kind-of-thread.cjs', { node: path })
    const count = (role: string) => threads(pid).filter(thread => thread.role === role).length
    // Threads that happen to run cannot be placed.
    await vi.waitFor(() => {
      expect({
        main: count('main'),
        pool: count('libuv-pool'),
        v8: count('v8'),
        inspector: count('inspector'),
      }).toEqual({ main: 1, pool: 4, v8: 5, inspector: 2 })
    })
    expect(count('worker')).toBe(3)
    await vi.waitFor(() => {
      expect(threads(pid)[0]).toMatchObject({
        tid: pid,
        role: 'main',
        view: { state: 'S', systemCall: { meaning: expect.stringMatching(/^event loop, /) } },
      })
    })
    const workers = threads(pid).filter(({ role }) => role === 'worker')
    expect(workers.map(({ sure }) => sure)).toEqual([true, true, false])
    expect(workers.every(({ mayBeWorker }) => mayBeWorker)).toBe(true)
    if (major >= 24) expect(workers.map(({ comm }) => comm)).toEqual(['parked', 'idle', 'busy'])
    expect(workers[0]!.view.systemCall).toMatchObject({
      name: 'futex',
      meaning: expect.stringContaining('no time limit'),
    })
    expect(workers[2]!.view.systemCall).toBeNull()
    expect(workers[2]!.view.cpuMs).toBeGreaterThan(0)
    const ports = known(listeningPorts(pid))!
    expect(inspectorPort(pid, ports, threads(pid))).toEqual(ports[0])
  })

  test('execFileSync is not taken for the event loop', async () => {
    const { pid } = await startFixture('waits-for-child.mjs', { node: path })
    await vi.waitFor(() => {
      expect(viewOf(pid, pid)?.systemCall).toMatchObject({
        meaning: expect.stringMatching(/^spawnSync or execSync: waits for child \d+ \(sleep 600\)$/),
      })
    })
  })

  test('a read names what is read', async () => {
    const { pid } = await startFixture('reads-stdin.mjs', { node: path })
    await vi.waitFor(() =>
      expect(viewOf(pid, pid)?.systemCall).toMatchObject({ name: 'read', meaning: 'reads a socket (fd 0)' }),
    )
  })
})

test('switches change exactly for threads that left their wait', async () => {
  const { pid } = await startFixture('every-kind-of-thread.cjs')
  const workers = threads(pid).filter(({ role }) => role === 'worker')
  const before = switches(
    pid,
    workers.map(({ tid }) => tid),
  )
  expect(before.size).toBe(3)
  await vi.waitFor(() =>
    expect(switches(pid, [workers[2]!.tid])).not.toEqual(
      new Map([[workers[2]!.tid, before.get(workers[2]!.tid)]]),
    ),
  )
  expect(switches(pid, [workers[0]!.tid]).get(workers[0]!.tid)).toEqual(before.get(workers[0]!.tid))
  expect(switches(pid, [2 ** 22 + 7]).size).toBe(0)
})

test('of a process that is not there', () => {
  expect(threadsOf(2 ** 22 + 7)).toHaveProperty('unknown')
  expect(viewOf(2 ** 22 + 7, 1)).toBeUndefined()
})
