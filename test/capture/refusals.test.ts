import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { childrenOf } from '../../src/process/children.ts'
import { listeningPorts } from '../../src/process/sockets.ts'
import { readStat } from '../../src/process/stat.ts'
import { readSystemCall } from '../../src/process/system-calls.ts'
import type { Process } from '../../src/snapshot/model.ts'
import { nodeBinary, targetNodes } from '../support/node-versions.ts'
import { type Fixture, fixturePath, startFixture, startProgram } from '../support/spawn-fixture.ts'
import { progress, until } from './support.ts'

const anyPort = { execArgv: ['--inspect-port=0'] }
const hasUnshare = spawnSync('unshare', ['--net', 'true']).status === 0

function standsInWrite(pid: number): boolean {
  const call = readSystemCall(pid, pid)
  return call !== null && 'number' in call && call.number === 1
}

async function look(fixture: Fixture): Promise<Process> {
  const { processes } = await capture(fixture.pid)
  return processes[0]!
}

describe('where no inspector can be had, the report comes all the same, with the reason and the way out', () => {
  test("a program's own SIGUSR1 listener", async () => {
    const { inspector, gaps } = await look(await startFixture('own-sigusr1-listener.mjs', anyPort))
    expect(inspector.access).toBe('none')
    expect(gaps).toHaveLength(1)
    expect(gaps[0]).toMatchObject({
      reason: expect.stringMatching(/own SIGUSR1 listener/),
      remedy: expect.stringMatching(/--inspect/),
    })
  })

  test('a main thread in execSync is not even signalled', async () => {
    const fixture = await startFixture('waits-for-child.mjs', anyPort)
    await until(() => childrenOf(fixture.pid).length > 0)
    const { threads, gaps } = await look(fixture)
    expect(gaps[0]?.reason).toMatch(/in a call outside of JavaScript \(spawnSync or execSync/)
    expect(threads[0]?.looks.at(-1)?.activity).toMatchObject({
      kind: 'system-call',
      call: { meaning: expect.stringMatching(/waits for child \d+ \(/) },
    })
    expect(fixture.stderr()).toBe('')
  })

  test('its port belongs to another process: that one is left alone', async () => {
    const other = await startFixture('counting.mjs', { execArgv: ['--inspect=0'] })
    const ports = listeningPorts(other.pid)
    const port = Array.isArray(ports) ? ports[0].port : 0
    const fixture = await startFixture('counting.mjs', { execArgv: [`--inspect-port=${port}`] })
    const { gaps, inspector } = await look(fixture)
    expect(inspector.access).toBe('none')
    expect(gaps[0]?.reason).toMatch(new RegExp(`wants port ${port}, which belongs to process ${other.pid} `))
    expect(gaps[0]?.remedy).toMatch(/--inspect-port=0/)
    await progress(fixture)
    await progress(other)
  })

  test('a stopped process is not signalled', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    process.kill(fixture.pid, 'SIGSTOP')
    await until(() => readStat(fixture.pid)?.state === 'T')
    const { gaps, threads } = await look(fixture)
    expect(gaps[0]?.reason).toMatch(/stopped/)
    expect(threads[0]?.looks.at(-1)?.activity).toMatchObject({ kind: 'stopped' })
    process.kill(fixture.pid, 'SIGCONT')
    await progress(fixture)
    expect(listeningPorts(fixture.pid)).toEqual([])
  })

  test.skipIf(nodeBinary(24) === undefined)('SIGUSR1 disabled: it would be deadly', async () => {
    const fixture = await startFixture('counting.mjs', {
      node: nodeBinary(24)!,
      execArgv: ['--disable-sigusr1'],
    })
    const { gaps } = await look(fixture)
    expect(gaps[0]?.reason).toMatch(/--disable-sigusr1/)
    await progress(fixture)
  })

  test.skipIf(!hasUnshare)('another network namespace: the command that gets there', async () => {
    const fixture = await startProgram('unshare', [
      '--net',
      process.execPath,
      '--inspect-port=0',
      fixturePath('counting.mjs'),
    ])
    const { gaps } = await look(fixture)
    expect(gaps[0]?.reason).toMatch(/another network namespace/)
    expect(gaps[0]?.remedy).toContain(`nsenter --target ${fixture.pid} --net`)
    await progress(fixture)
  })

  test('a stderr on which a thread stands already', async () => {
    const fixture = await startFixture('full-stderr.cjs', { ...anyPort, stderr: 'unread' })
    await until(() => standsInWrite(fixture.pid))
    const { gaps } = await look(fixture)
    expect(gaps[0]?.reason).toMatch(/stderr/)
    expect(listeningPorts(fixture.pid)).toEqual([])
  })

  test('asked to leave no trace, it sends nothing', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    const { processes } = await capture(fixture.pid, { inspector: false })
    expect(processes[0]?.gaps[0]?.remedy).toMatch(/--no-inspector/)
    expect(processes[0]!.threads[0]!.looks.length).toBeGreaterThanOrEqual(2)
    expect(fixture.stderr()).toBe('')
  })
})

describe('where it can', () => {
  test('an inspector that listens already is used, and left open', async () => {
    const fixture = await startFixture('counting.mjs', { execArgv: ['--inspect=0'] })
    const { inspector } = await look(fixture)
    expect(inspector.access).toBe('reused')
    expect(listeningPorts(fixture.pid)).toHaveLength(1)
    await progress(fixture)
  })

  test('a program that waits for a debugger before its first line stays there', async () => {
    const fixture = await startProgram('sh', [
      '-c',
      `echo ready; exec ${process.execPath} --inspect-brk=0 ${fixturePath('counting.mjs')}`,
    ])
    await until(() => fixture.stderr().includes('Debugger listening'))
    const { inspector, threads } = await look(fixture)
    expect(inspector.access).toBe('reused')
    expect(threads[0]?.looks.at(-1)?.activity).toMatchObject({
      kind: 'stopped',
      by: expect.stringMatching(/--inspect-brk/),
    })
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(fixture.stdout()).toBe('ready\n')
  })

  test.each(targetNodes())(
    'a worker in a native call on Node $major: its stack comes from memory; without that, it is a gap',
    async ({ path }) => {
      const fixture = await startFixture('worker-in-native-call.mjs', { ...anyPort, node: path })
      await until(() => childrenOf(fixture.pid).length > 0)
      const { threads, gaps } = await look(fixture)
      expect(threads.map(({ role }) => role).slice(0, 2)).toEqual(['main', 'worker'])
      expect(threads[0]?.looks.at(-1)?.activity).toEqual({ kind: 'event-loop' })
      expect(gaps).toEqual([])
      const place = { file: fixturePath('worker-in-native-call.mjs'), line: 15, column: 20, seenBy: 'memory' }
      for (const { frames } of threads[1]!.looks)
        expect(frames.find(({ owner }) => owner === 'program')).toMatchObject(place)

      const { processes } = await capture(fixture.pid, { memory: false })
      expect(processes[0]?.gaps).toHaveLength(1)
      expect(processes[0]?.gaps[0]).toMatchObject({
        what: expect.stringMatching(/worker 1 "packer"/),
        reason: expect.stringMatching(/did not answer/),
      })
    },
  )

  test('workers of workers are seen, each with its kernel thread', async () => {
    const fixture = await startFixture('nested-workers.mjs', anyPort)
    const { threads } = await look(fixture)
    const workers = threads.filter(({ role, threadId }) => role === 'worker' && threadId !== null)
    expect(workers.map(({ name }) => name)).toEqual(['outer', 'inner'])
    for (const { looks, tid } of workers) {
      expect(looks.at(-1)?.frames[0]).toMatchObject({ function: 'rest', line: 15 })
      expect(typeof tid).toBe('number')
    }
    expect(new Set(workers.map(({ tid }) => tid)).size).toBe(2)
  })
})
