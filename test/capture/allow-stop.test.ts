/** Threads that compute in native code answer nobody: they are read while the process stands still, if that is allowed. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { readStat } from '../../src/process/stat.ts'
import { targetNodes } from '../support/node-versions.ts'
import { fixturePath, startFixture } from '../support/spawn-fixture.ts'
import { until } from './support.ts'

const file = fixturePath('memory/computes-natively.cjs')

async function start(node: string, way: readonly string[]) {
  const fixture = await startFixture('memory/computes-natively.cjs', {
    node,
    execArgv: ['--inspect-port=0'],
    args: way,
  })
  const before = readStat(fixture.pid)!.userMs
  await until(() => readStat(fixture.pid)!.userMs > before + 500)
  return fixture
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test('pbkdf2Sync in the main thread', async () => {
    const { pid } = await start(path, [])
    const snapshot = await capture(pid, { allowStop: true })
    const [process] = snapshot.processes
    expect(process!.pausedMs).toBeGreaterThan(0)
    expect(process!.pausedMs).toBeLessThan(1500)
    for (const { frames } of process!.threads[0]!.looks)
      expect(frames.filter(({ owner }) => owner === 'program')).toMatchObject([
        { function: 'derive', file, line: 6, column: 10, seenBy: 'memory' },
        { function: 'begin', file, line: 15, column: 5 },
      ])
    const { verdict, findings } = diagnose(snapshot)
    expect(verdict.status).toBe('busy')
    expect(findings[0]?.explanation).toMatch(/computes in native code/)
    await until(() => readStat(pid)?.state === 'R')
  })

  test('a worker in native code beside a healthy main thread', async () => {
    const { pid } = await start(path, ['worker'])
    const snapshot = await capture(pid, { allowStop: true })
    const worker = snapshot.processes[0]!.threads.find(({ role }) => role === 'worker')
    expect(worker!.looks.at(-1)!.frames.filter(({ owner }) => owner === 'program')[0]).toMatchObject({
      function: 'derive',
      line: 6,
      seenBy: 'memory',
    })
    expect(diagnose(snapshot).verdict.status).toBe('busy')
  })
})

test('without leave nothing is stopped, and the report says what would show it', async () => {
  const { pid } = await start(process.execPath, [])
  const [seen] = (await capture(pid)).processes
  expect(seen!.pausedMs).toBe(0)
  expect(seen!.gaps[0]?.remedy).toMatch(/--allow-stop/)
})

test('a process that is stopped already is read and stays stopped', async () => {
  const { pid } = await start(process.execPath, [])
  process.kill(pid, 'SIGSTOP')
  await until(() => readStat(pid)?.state === 'T')
  const [seen] = (await capture(pid, { allowStop: true })).processes
  expect(seen!.pausedMs).toBe(0)
  expect(seen!.threads[0]!.looks[0]).toMatchObject({
    activity: { kind: 'stopped' },
    frames: expect.arrayContaining([expect.objectContaining({ function: 'derive', line: 6 })]),
  })
  expect(readStat(pid)?.state).toBe('T')
})
