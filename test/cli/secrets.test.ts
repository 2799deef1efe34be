/** No artefact has a secret in it: not in the command line, and nothing of environment, variables and values. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { formats } from '../../src/report/formats.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'impasse-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('planted secrets are in no snapshot and in no format', async () => {
  const fixture = await startFixture('holds-secrets.mjs', {
    execArgv: ['--inspect-port=0'],
    args: [
      '--password=planted-10-option',
      '--token',
      'planted-11-option',
      'postgres://app:planted-12-url@db/x',
      'API_KEY=planted-13-assignment',
    ],
    env: { ...process.env, PLANTED: 'planted-14-environment' },
  })
  await new Promise(resolve => setTimeout(resolve, 200))
  const saved = join(folder, 'hang.json')
  const attached = await runImpasse([`${fixture.pid}`, '--save', saved, '--all-frames'])
  await fixture.kill()
  expect(attached.stdout).toMatch(/^DEADLOCK/)
  const snapshot = readFileSync(saved, 'utf8')
  // What the rules were answered is there, so that nothing is missing for want of it.
  expect(snapshot).toMatch(/"recording":\{"stacks"/)
  // A line of source that a frame stands on is shown as it is.
  const onFrames = ['planted-4-argument', 'planted-8-passed']
  const found = (text: string) =>
    [...text.matchAll(/planted-[\d]+-[a-z]+/g)].map(([one]) => one).filter(one => !onFrames.includes(one))
  expect(found(attached.stdout)).toEqual([])
  expect(found(snapshot)).toEqual([])
  expect(found(snapshot.slice(snapshot.indexOf('"recording"')))).toEqual([])
  for (const name of Object.keys(formats)) {
    const { stdout } = await runImpasse(['report', saved, '--format', name])
    expect(stdout.length, name).toBeGreaterThan(0)
    expect(found(stdout), name).toEqual([])
  }
}, 90_000)
