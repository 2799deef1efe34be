/** The same hangs, and the same healthy tests, in every runner besides vitest (test-runners.test.ts). */
import { describe, expect, test } from 'vitest'
import { runCommand } from '../support/run-command.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

const minute = 60_000
const runners = [
  {
    runner: 'node:test',
    folder: 'ci-node-test',
    command: (name: string) => ['node', '--test', `${name}.test.mjs`],
    file: 'test.mjs',
  },
  {
    runner: 'jest',
    folder: 'ci-jest',
    command: (name: string) => ['npx', 'jest', '--no-watchman', name],
    file: 'test.js',
  },
  {
    runner: 'mocha',
    folder: 'ci-mocha',
    command: (name: string) => ['npx', 'mocha', '--timeout', '600000', `${name}.js`],
    file: 'js',
  },
]

describe.each(runners)('$runner', ({ folder, command, file }) => {
  const cwd = fixturePath(folder)

  test('a child that waits for its input', { timeout: minute }, async () => {
    const run = runCommand(['--quiet-for', '3s', '--', ...command('child-waits')], { cwd })
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(
      /spawnSync or execSync: waits for child \d+ \(\/bin\/sh -c sleep 100000 \| cat\)/s,
    )
  })

  test('a loop without an end is ended by the time limit', { timeout: minute }, async () => {
    const run = runCommand(['--timeout', '6s', '--', ...command('endless-loop')], { cwd })
    expect((await run.ended).code).toBe(124)
    const text = run.report('report.txt')!.replaceAll(/\s+/g, ' ')
    expect(text).toMatch(/BUSY.*endless-loop\.[a-z.]+:\d:3/s)
    expect(text).toContain(`In the test endless-loop.${file} > counts without an end`)
  })

  test('a server that was left open: the report says what keeps it', { timeout: minute }, async () => {
    const run = runCommand(['--quiet-for', '3s', '--', ...command('open-handle')], { cwd })
    const { code } = await run.ended
    // A runner may end such a process by itself.
    if (code !== 0) {
      expect(code).toBe(124)
      expect(run.report('report.txt')).toMatch(/listens on 127\.0\.0\.1:\d+/)
    }
  })

  test.each([
    { what: 'slow', code: 0 },
    { what: 'fails', code: 1 },
  ])('$what: nobody’s hang', { timeout: minute }, async ({ what, code }) => {
    const run = runCommand(['--quiet-for', '10s', '--', ...command(what)], { cwd })
    expect((await run.ended).code).toBe(code)
    expect(run.report('report.txt')).toBeUndefined()
  })

  test('one that crashes is told as the runner tells it', { timeout: minute }, async () => {
    const run = runCommand(['--quiet-for', '20s', '--', ...command('crashes')], { cwd })
    expect((await run.ended).code).not.toBe(0)
    expect(run.report('report.txt')).toBeUndefined()
  })
})
