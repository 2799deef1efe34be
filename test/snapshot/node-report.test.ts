import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { renderText } from '../../src/report/text.ts'
import { readSnapshot } from '../../src/snapshot/file.ts'
import { targetNodes } from '../support/node-versions.ts'

const folder = mkdtempSync(join(tmpdir(), 'impasse-node-report-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = `
const { Worker } = require('node:worker_threads')
class Store { save() { return JSON.stringify(process.report.getReport()) } }
require('node:http').createServer(() => {}).listen(0, '127.0.0.1', () => {
  new Worker('setTimeout(() => {}, 60_000)', { eval: true }).once('online', () =>
    setTimeout(() => {
      require('node:fs').writeSync(1, new Store().save())
      process.exit()
    }, 100))
})`

describe.each(targetNodes())('of Node $major', ({ major, path }) => {
  test('a diagnostic report is read as one look, without the environment', async () => {
    const text = execFileSync(path, ['-e', program], {
      encoding: 'utf8',
      env: { ...process.env, PLANTED: 'a-planted-secret' },
    })
    const file = join(folder, `${major}.json`)
    writeFileSync(file, text)
    const snapshot = await readSnapshot(file)
    const [main] = snapshot.processes[0]!.threads
    expect(main!.looks[0]!.frames[0]).toMatchObject({
      function: 'save',
      class: 'Store',
      line: 3,
      column: 61,
      owner: 'program',
    })
    expect(snapshot.processes[0]!.runtime.version).toMatch(new RegExp(`^v${major}\\.`))
    expect(JSON.stringify(snapshot)).not.toContain('a-planted-secret')
    const report = renderText(snapshot, diagnose(snapshot))
    expect(report).toContain('main thread runs Store.save')
    expect(report).toContain('one look, without the values of')
  })
})

test('a report whose loop idles: what keeps it alive', async () => {
  const file = join(folder, 'idle.json')
  const header = {
    reportVersion: 3,
    nodejsVersion: 'v20.0.0',
    processId: 77,
    dumpEventTime: '2026-01-01T00:00:00Z',
  }
  const handles = [
    {
      type: 'tcp',
      is_active: true,
      is_referenced: true,
      localEndpoint: { host: 'h', ip4: '127.0.0.1', port: 80 },
    },
    { type: 'timer', is_active: true, is_referenced: true, firesInMsFromNow: 500 },
    { type: 'timer', is_active: true, is_referenced: false, firesInMsFromNow: 900 },
  ]
  writeFileSync(
    file,
    JSON.stringify({ header, javascriptStack: { stack: ['Unavailable.'] }, libuv: handles }),
  )
  const snapshot = await readSnapshot(file)
  const { verdict } = diagnose(snapshot)
  expect(verdict.status).toBe('idle')
  expect(renderText(snapshot, diagnose(snapshot)).replaceAll(/\s+/g, ' ')).toContain(
    'listens on 127.0.0.1:80; a timer, due in 500 ms (there may be more)',
  )
})
