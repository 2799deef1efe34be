import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { type FormatName, formats, render } from '../../src/report/formats.ts'
import { renderText } from '../../src/report/text.ts'
import { readSnapshot, writeSnapshot } from '../../src/snapshot/file.ts'
import * as scenes from '../report/scenes.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'impasse-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)

const anyPort = { execArgv: ['--inspect-port=0'] }

test.each(['reentrant-queue/main.mjs', 'abba-workers.mjs', 'busy-loop.mjs', 'idle-server.mjs'])(
  'what was saved of %s gives byte for byte what the attach printed',
  async program => {
    const fixture = await startFixture(program, anyPort)
    const attached = await runImpasse([`${fixture.pid}`, '--all-frames', '--save', path('hang.json.gz')])
    await fixture.kill()
    expect(statSync(path('hang.json.gz')).mode & 0o777).toBe(0o600)
    const again = await runImpasse(['report', path('hang.json.gz'), '--all-frames'])
    expect(again.stdout).toBe(attached.stdout)
    expect(again.stderr).toBe('')
    expect(again.code).toBe(attached.code)
    // The JSON report that is made from it carries it further.
    const json = await runImpasse(['report', path('hang.json.gz'), '--json', '-o', path('hang.json')])
    expect(json.stdout).toBe('')
    expect((await runImpasse(['report', path('hang.json'), '--all-frames'])).stdout).toBe(attached.stdout)
  },
)

test('every format is there for what was saved, and for a live process', async () => {
  writeFileSync(path('abba.json'), JSON.stringify(scenes.abba()))
  for (const name of Object.keys(formats)) {
    const { code, stdout, stderr } = await runImpasse(['report', path('abba.json'), '--format', name])
    expect({ code, stderr }, name).toEqual({ code: 1, stderr: '' })
    expect(stdout.length, name).toBeGreaterThan(100)
  }
  const fixture = await startFixture('reentrant-queue/main.mjs', anyPort)
  const { stdout } = await runImpasse([`${fixture.pid}`, '--format', 'dot'])
  expect(stdout).toMatch(/^digraph impasse \{/)
}, 90_000)

test('--format list names them, with and without a command', async () => {
  const { code, stdout } = await runImpasse(['--format', 'list'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^speedscope {2}/m)
  expect((await runImpasse(['report', '--format', 'list'])).stdout).toBe(stdout)
  const wrong = await runImpasse(['1', '--format', 'papyrus'])
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toMatch(/It is none of: text, json/)
})

test('several files make one report; --fail-on and --color as for an attach', async () => {
  const other = JSON.parse(JSON.stringify(scenes.idle()).replaceAll('4242', '777'))
  writeFileSync(path('abba.json'), JSON.stringify(scenes.abba()))
  writeFileSync(path('idle.json'), JSON.stringify(other))
  const { code, stdout } = await runImpasse(['report', path('abba.json'), path('idle.json')])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^DEADLOCK/)
  expect(stdout).toMatch(/^ {2}777 {2}idle/m)
  const only = await runImpasse(['report', path('idle.json'), '--fail-on', 'idle', '--color', 'always'])
  expect(only.code).toBe(1)
  expect(only.stdout).toContain('\u001b[')
  const plain = await runImpasse(['report', path('abba.json')])
  expect(plain.stdout).toBe(renderText(scenes.abba(), diagnose(scenes.abba())))
})

test('--html writes a page beside the report, for its owner only', async () => {
  writeFileSync(path('abba.json'), JSON.stringify(scenes.abba()))
  const { stdout } = await runImpasse(['report', path('abba.json'), '--html', path('abba.html')])
  expect(stdout).toMatch(/^DEADLOCK/)
  expect(statSync(path('abba.html')).mode & 0o777).toBe(0o600)
  const page = await runImpasse(['report', path('abba.json'), '--format', 'html'])
  expect(readFileSync(path('abba.html'), 'utf8')).toBe(page.stdout)
})

test('--no-snapshot leaves it out', async () => {
  writeFileSync(path('abba.json'), JSON.stringify(scenes.abba()))
  const bare = await runImpasse(['report', path('abba.json'), '--json', '--no-snapshot'])
  expect(JSON.parse(bare.stdout).snapshot).toBeUndefined()
  const full = await runImpasse(['report', path('abba.json'), '--json'])
  expect(JSON.parse(full.stdout).snapshot).toEqual(scenes.abba())
})

test('a file that is none: one sentence, what to do, exit code 2', async () => {
  writeFileSync(path('cut.json'), JSON.stringify(scenes.abba()).slice(0, 300))
  const { code, stdout, stderr } = await runImpasse(['report', path('cut.json')])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^impasse: .*cut\.json is no whole snapshot: it ends in the middle\.\n {2}\S.*\n$/)
  const asJson = await runImpasse(['report', path('missing.json'), '--json'])
  expect(JSON.parse(asJson.stdout).error.code).toBe('IMPASSE_READ')
})

test('secrets of the environment are in no artefact', async () => {
  const secret = 'hunter2-c0ffee'
  const fixture = await startFixture('reentrant-queue/main.mjs', { ...anyPort, env: { API_TOKEN: secret } })
  await runImpasse([`${fixture.pid}`, '--save', path('secret.json')])
  expect(readFileSync(path('secret.json'), 'utf8')).not.toContain(secret)
  const snapshot = await readSnapshot(path('secret.json'))
  for (const name of Object.keys(formats) as FormatName[])
    expect(await render(snapshot, diagnose(snapshot), name), name).not.toContain(secret)
})

test('snapshots of one process are a timeline; --diff compares two', async () => {
  const early = scenes.abba()
  await writeSnapshot(path('early.json'), { ...early, capturedAt: '2020-01-01T00:00:00.000Z' })
  await writeSnapshot(path('late.json'), early)
  const { stdout, code } = await runImpasse(['report', path('late.json'), path('early.json')])
  expect(code).toBe(1)
  expect(stdout).toContain('TIMELINE  process 4242, 2 snapshots from 2020-01-01T00:00:00.000Z')
  const compared = await runImpasse(['report', '--diff', path('early.json'), path('late.json')])
  expect(compared.code).toBe(1)
  expect(compared.stdout).toMatch(/^DIFFERENCE\n {2}before {2}deadlock/)
  const wrong = await runImpasse(['report', '--diff', path('late.json')])
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toMatch(/^impasse: --diff compares two snapshots, as text\.\n/)
})
