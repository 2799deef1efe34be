import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../support/run-command.ts'
import { impassePath, runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const anyPort = { execArgv: ['--inspect-port=0'] }

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'impasse-watch-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('a hang runs the command once, and the process stays as it was', async () => {
  const { pid, child } = await startFixture('three-threads-deadlock.mjs', anyPort)
  const reports = folder()
  const told = join(reports, 'told')
  const args = ['watch', String(pid), '--quiet-for', '1s', '--once', '--report-dir', join(reports, 'reports')]
  const { code, stderr } = await runImpasse([
    ...args,
    '--command',
    `echo "$IMPASSE_PID $IMPASSE_STATUS $IMPASSE_SUMMARY" > ${told}`,
  ])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^impasse: process \d+ is quiet for .* s; it is left to itself\n\nDEADLOCK/)
  expect(readFileSync(told, 'utf8')).toBe(
    `${pid} deadlock main thread, worker 1 and worker 2 wait for each other\n`,
  )
  expect(existsSync(join(reports, 'reports', 'junit.xml'))).toBe(true)
  expect(child.exitCode).toBeNull()
})

test('an idle server is nobody’s hang; with its end the watch ends', async () => {
  const { pid, kill } = await startFixture('idle-server.mjs', anyPort)
  const reports = join(folder(), 'reports')
  const child = spawn(
    process.execPath,
    [impassePath, 'watch', String(pid), '--quiet-for', '500ms', '--report-dir', reports],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', text => (stderr += text))
  // Node itself says when somebody has looked.
  await until(() => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${child.pid}/io`, 'utf8').length > 0)
  await new Promise(resolve => setTimeout(resolve, 5000))
  await kill()
  expect(await new Promise(resolve => child.on('exit', resolve))).toBe(0)
  expect(stderr).toBe('')
  expect(existsSync(reports)).toBe(false)
})

test('no such process', async () => {
  const { code, stderr } = await runImpasse(['watch', '999999999'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^impasse: There is no process 999999999\.\n/)
})
