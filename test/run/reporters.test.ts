/** The reporters that tell `impasse run` which test runs, where the test itself only waits. */
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runCommand } from '../support/run-command.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

const reporter = (name: string) =>
  fileURLToPath(new URL(`../../dist/run/reporters/${name}.js`, import.meta.url))
const leftBehind = () => readdirSync(tmpdir()).filter(name => /^impasse-run-[0-9a-f]{8}-/.test(name))

test('node:test: the name of a test that awaits', { timeout: 60_000 }, async () => {
  const before = new Set(leftBehind())
  const node = ['--', 'node', '--test', '--test-reporter=spec', '--test-reporter-destination=stdout']
  const told = [`--test-reporter=${reporter('node-test')}`, '--test-reporter-destination=stderr']
  const run = runCommand(['--quiet-for', '3s', ...node, ...told, 'never-settles.test.mjs'], {
    cwd: fixturePath('ci-node-test'),
  })
  expect((await run.ended).code).toBe(124)
  const name = 'never-settles.test.mjs > waits for a client that never comes'
  expect(run.report('report.txt')).toContain(`In the test  ${name}`)
  expect(run.report('junit.xml')).toContain(`name="${name}"`)
  expect(leftBehind().filter(folder => !before.has(folder))).toEqual([])
})

test('vitest: the name of a test that awaits', { timeout: 60_000 }, async () => {
  const line = ['--', 'npx', 'vitest', 'run', '--reporter=default', `--reporter=${reporter('vitest')}`]
  const run = runCommand(['--quiet-for', '4s', ...line, 'never-settles'], {
    cwd: fixturePath('ci-vitest'),
  })
  expect((await run.ended).code).toBe(124)
  const { processes } = JSON.parse(run.report('report.json')!).snapshot
  expect(processes.flatMap((process: { runningTests?: unknown[] }) => process.runningTests ?? [])).toEqual([
    { file: fixturePath('ci-vitest/never-settles.test.js'), titles: ['takes an async lock twice'] },
  ])
  expect(run.report('report.txt')).toContain('In the test  never-settles.test.js > takes an async lock twice')
})
