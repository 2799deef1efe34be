import { describe, expect, test } from 'vitest'
import { type Running, runCommand } from '../support/run-command.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

const hour = 60_000

/** The four forms in which a deadlocked test has to be told. */
function expectDeadlock(run: Running, told: { test: string; lock: string; waits: string; holds: string }) {
  const text = run.report('report.txt')!
  expect(text).toContain(`In the test  ${told.test}`)
  expect(text.replace(/\s+/g, ' ')).toContain(`waits for ${told.lock} in ${told.waits}`)
  expect(text.replace(/\s+/g, ' ')).toContain(`acquired in ${told.holds}`)
  const json = JSON.parse(run.report('report.json')!)
  expect(json.verdict.status).toBe('deadlock')
  expect(json.findings[0].kind).toBe('reentrancy')
  // Those that only wait for its end (npm, a shell) run no test.
  const hung = json.processes.filter(
    (process: { verdict: { status: string } }) => process.verdict.status === 'deadlock',
  )
  expect(
    hung.flatMap((process: { test: { titles: string[] } | null }) => process.test?.titles ?? []),
  ).toEqual(told.test.split(' > ').slice(1))
  const junit = run.report('junit.xml')!
  expect(junit).toContain('failures="1"')
  expect(junit).toContain(`name="${told.test}"`)
  expect(junit.replace(/\s+/g, ' ')).toContain(told.waits)
  expect(run.report('report.md')).toContain(`Test: \`${told.test}\``)
  const sarif = JSON.parse(run.report('report.sarif')!)
  const [file, line] = /\((.*?):(\d+):/.exec(told.waits)!.slice(1)
  const { physicalLocation } = sarif.runs[0].results[0].locations[0]
  expect(physicalLocation.artifactLocation.uri).toBe(file)
  expect(physicalLocation.region.startLine).toBe(Number(line))
}

describe('vitest', () => {
  const cwd = fixturePath('ci-vitest')
  const vitest = ['--', 'npx', 'vitest', 'run']

  test('npm test with a deadlocked test among passing ones', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '4s', '--', 'npm', 'test', '--', 'passes', 'deadlock'], { cwd })
    expect((await run.ended).code).toBe(124)
    expectDeadlock(run, {
      test: 'deadlock.test.js > ledger > tells its observers the new balance',
      lock: 'Ledger.#guard',
      waits: 'Ledger.balance (ledger.js:23:17)',
      holds: 'Ledger.post (ledger.js:9:17)',
    })
  })

  test('a promise that never settles: the test by name, no thread to blame', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '4s', ...vitest, 'never-settles'], { cwd })
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(
      /(?:IDLE|DEADLOCK) .*\n.*\n?\n {2}In the test {2}never-settles\.test\.js > takes an async lock twice/,
    )
  })

  test('a child that waits for its input', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '4s', ...vitest, 'child-waits'], { cwd })
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(
      /spawnSync or execSync: waits for child \d+ \(\/bin\/sh -c sleep 100000 \| cat\)/s,
    )
  })

  test('a loop without an end is ended by the time limit alone', { timeout: hour }, async () => {
    const run = runCommand(['--timeout', '7s', ...vitest, 'endless-loop'], { cwd })
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(
      /BUSY.*\n.*endless-loop\.test\.js:4:3.*In the test {2}endless-loop\.test\.js > counts without an end/s,
    )
  })

  test.each([
    { what: 'slow', filter: 'slow', code: 0 },
    { what: 'failing', filter: 'fails', code: 1 },
    { what: 'crashing', filter: 'crashes', code: 1 },
  ])('a $what test is nobody’s hang', { timeout: hour }, async ({ filter, code }) => {
    const run = runCommand(['--quiet-for', '10s', ...vitest, filter], { cwd })
    expect((await run.ended).code).toBe(code)
    expect(run.report('report.txt')).toBeUndefined()
  })
})

describe('node:test', () => {
  const cwd = fixturePath('ci-node-test')

  test('npm test with a deadlocked test', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '3s', '--', 'npm', 'test'], { cwd })
    expect((await run.ended).code).toBe(124)
    expectDeadlock(run, {
      test: 'deadlock.test.mjs > registry > keeps what is added',
      lock: 'Registry.#guard',
      waits: 'Registry.has (deadlock.test.mjs:32:17)',
      holds: 'Registry.add (deadlock.test.mjs:23:17)',
    })
  })

  test('a test that waits for a client: at least its file', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '3s', '--', 'node', '--test', 'never-settles.test.mjs'], { cwd })
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toContain('In the test  never-settles.test.mjs')
  })

  test('a failing one keeps its exit code', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '9s', '--', 'node', '--test', 'fails.test.mjs'], { cwd })
    expect((await run.ended).code).toBe(1)
    expect(run.report('report.txt')).toBeUndefined()
  })
})

describe('jest', () => {
  const cwd = fixturePath('ci-jest')

  test('npm test with a deadlocked test', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '4s', '--', 'npm', 'test', '--', 'passes', 'deadlock'], { cwd })
    expect((await run.ended).code).toBe(124)
    expectDeadlock(run, {
      test: 'deadlock.test.js > cache > makes a value from another one',
      lock: 'Cache.#guard',
      waits: 'Cache.get (cache.js:8:17)',
      holds: 'Cache.get (cache.js:8:17)',
    })
  })

  test('a server that was left open: the report says what keeps it', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '4s', '--', 'npx', 'jest', 'open-handle'], { cwd })
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(/IDLE.*listens on 127\.0\.0\.1:\d+/s)
  })
})

describe('mocha', () => {
  const cwd = fixturePath('ci-mocha')

  test('npm test with a deadlocked test', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '3s', '--', 'npm', 'test'], { cwd })
    expect((await run.ended).code).toBe(124)
    expectDeadlock(run, {
      test: 'test/deadlock.js > cache > makes a value from another one',
      lock: 'Cache.#guard',
      waits: 'Cache.get (cache.js:8:17)',
      holds: 'Cache.get (cache.js:8:17)',
    })
  })

  test('a promise that nobody settles: idle, with the timer that keeps it', { timeout: hour }, async () => {
    const run = runCommand(['--quiet-for', '3s', '--', 'npx', 'mocha', 'never-settles.js'], { cwd })
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(/IDLE.*1\s+timer/s)
  })
})
