/** A process that is stopped for a reading is let go on every way out. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readStat } from '../../src/process/stat.ts'
import { whileStopped } from '../../src/process/stopped.ts'
import { until } from '../capture/support.ts'
import { startFixture } from '../support/spawn-fixture.ts'

async function target() {
  const fixture = await startFixture('busy-loop.mjs')
  const { startTicks } = readStat(fixture.pid)!
  return { pid: fixture.pid, startTicks }
}

const state = (pid: number) => readStat(pid)?.state

test('it stands still while it is read, and runs again', async () => {
  const process = await target()
  const stopped = await whileStopped(process, () => state(process.pid))
  expect(stopped).toMatchObject({ value: 'T', pausedMs: expect.any(Number) })
  await until(() => state(process.pid) === 'R')
})

test('a reading that throws lets it go', async () => {
  const process = await target()
  const failing = whileStopped(process, () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  await until(() => state(process.pid) === 'R')
})

test('one that somebody stopped is not touched, and stays stopped', async () => {
  const target_ = await target()
  process.kill(target_.pid, 'SIGSTOP')
  await until(() => state(target_.pid) === 'T')
  let read = false
  const answer = await whileStopped(target_, () => (read = true))
  expect(answer).toEqual({ unknown: expect.stringMatching(/stopped or traced by somebody else/) })
  expect(read).toBe(false)
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(state(target_.pid)).toBe('T')
  process.kill(target_.pid, 'SIGCONT')
})

test('another process under its number is not touched', async () => {
  const process = await target()
  const answer = await whileStopped({ ...process, startTicks: 1 }, () => 0)
  expect(answer).toEqual({ unknown: 'it has exited' })
})

test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'whoever reads it ends by %s: it is let go',
  async signal => {
    const { pid, startTicks } = await target()
    const stopper = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        fileURLToPath(new URL('./stops-for-long.ts', import.meta.url)),
        String(pid),
        String(startTicks),
      ],
      { stdio: 'ignore', detached: true },
    )
    onTestFinished(() => void stopper.kill('SIGKILL'))
    await until(() => state(pid) === 'T', 20_000)
    stopper.kill(signal)
    await until(() => state(pid) === 'R', 5000)
  },
  30_000,
)
