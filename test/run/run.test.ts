import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isAlive, runCommand, until } from '../support/run-command.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

const node = process.execPath

describe('a command that ends by itself', () => {
  test.each([
    { line: ['sh', '-c', 'exit 7'], code: 7 },
    { line: ['sh', '-c', 'kill -TERM $$'], code: 143 },
    { line: ['sh', '-c', 'kill -KILL $$'], code: 137 },
    { line: ['/no/such/command'], code: 127 },
    { line: ['/etc/passwd'], code: 126 },
  ])('$line: exit code $code', async ({ line, code }) => {
    const run = runCommand(['--', ...line])
    expect((await run.ended).code).toBe(code)
    expect(run.report('report.txt')).toBeUndefined()
  })

  test('its output is untouched, its options are its own', async () => {
    const program = 'console.log(JSON.stringify(process.argv.slice(1))); console.error("to stderr")'
    const { stdout, stderr } = await runCommand([node, '-e', program, '--', '--timeout', '1']).ended
    expect(stdout).toBe('["--timeout","1"]\n')
    expect(stderr).toBe('to stderr\n')
  })

  test('its environment is left alone, but where inspectors are to take free ports', async () => {
    const program = 'console.log(process.env.NODE_OPTIONS)'
    const options = { env: { NODE_OPTIONS: '--max-old-space-size=200' } }
    const free = await runCommand(['--free-ports', '--', node, '-e', program], options).ended
    expect(free.stdout).toBe('--max-old-space-size=200 --inspect-port=0\n')
    const left = await runCommand(['--', node, '-e', program], options).ended
    expect(left.stdout).toBe('--max-old-space-size=200\n')
  })
})

describe('ending a tree', () => {
  /** A session leader whose parent has ended, which ignores SIGTERM: only its past tells that it is ours. */
  const stray = `
    const { spawn } = require('node:child_process')
    const deaf = 'process.on("SIGTERM", () => {}); console.log(process.pid); setInterval(() => {}, 1e6)'
    const middle = 'const { spawn } = require("node:child_process"); spawn(process.execPath, ["-e", process.argv[1]], { detached: true, stdio: "inherit" }).unref()'
    spawn(process.execPath, ['-e', middle, deaf], { stdio: 'inherit' }).on('exit', () => setInterval(() => {}, 1e6))`

  test('with what left its parent, its group and its session', async () => {
    const run = runCommand(['--quiet-for', '1500ms', '--grace', '300ms', '--', node, '-e', stray])
    const { code, stdout, stderr } = await run.ended
    expect(code).toBe(124)
    const pid = Number(stdout)
    expect(pid).toBeGreaterThan(1)
    expect(isAlive(pid)).toBe(false)
    expect(stderr).toMatch(/is quiet for .*; it is being ended/)
  })

  test('a process that was stopped', async () => {
    const program = 'console.log(process.pid); process.kill(process.pid, "SIGSTOP")'
    const run = runCommand(['--quiet-for', '1s', '--', node, '-e', program])
    const { code, stdout } = await run.ended
    expect(code).toBe(124)
    expect(isAlive(Number(stdout))).toBe(false)
    expect(run.report('report.txt')).toMatch(/is stopped by a signal \(SIGSTOP\)/)
  })

  test.each(['unread', 'closed'] as const)('while nobody reads what we say (stderr %s)', async stderr => {
    const program = 'process.stderr.on("error", () => {}); setInterval(() => {}, 1e6)'
    const run = runCommand(['--quiet-for', '1s', '--', node, '-e', program], { stderr })
    if (stderr === 'unread') {
      // Its pipe is full before we have anything to say.
      const pid = run.child.pid!
      await until(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() !== '')
      const fill = `const fs = require('node:fs'); const fd = fs.openSync('/proc/${pid}/fd/2', fs.constants.O_WRONLY | fs.constants.O_NONBLOCK); try { for (;;) fs.writeSync(fd, 'x'.repeat(4096)) } catch {}`
      await runCommand(['--', node, '-e', fill]).ended
    }
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(/^impasse: .* is quiet for/)
  })

  test('when the reports cannot be written, the exit code is the same, and a sentence says so', async () => {
    const run = runCommand(['--quiet-for', '1s', '--report-dir', '/dev/null/reports', '--', 'sleep', '1000'])
    const { code, stderr } = await run.ended
    expect(code).toBe(124)
    expect(stderr).toMatch(/impasse: A report could not be written: /)
  })
})

describe('signals', () => {
  test('a cancelled job gets a last look, and then its signal', async () => {
    const program =
      'process.on("SIGTERM", () => process.exit(3)); setInterval(() => {}, 1e6); console.log("ready")'
    const run = runCommand(['--', node, '-e', program])
    let out = ''
    run.child.stdout!.on('data', text => (out += text))
    await until(() => out.includes('ready'))
    run.child.kill('SIGTERM')
    const { code, stderr } = await run.ended
    expect(code).toBe(3)
    expect(stderr).toMatch(/cancelled by SIGTERM: a last look/)
    expect(run.report('report.txt')).toMatch(/is cancelled by SIGTERM; it is left to itself/)
  })

  test('SIGUSR2 looks and changes nothing', async () => {
    const program = 'setTimeout(() => process.exit(5), 4000); console.log("ready")'
    const run = runCommand(['--', node, '-e', program])
    let out = ''
    run.child.stdout!.on('data', text => (out += text))
    await until(() => out.includes('ready'))
    run.child.kill('SIGUSR2')
    await until(() => run.report('junit.xml'))
    expect((await run.ended).code).toBe(5)
  })
})

describe('what ends a quiet tree', () => {
  const idle = [node, '-e', 'setTimeout(() => process.exit(6), 5000)']

  test('a given quiet time does', async () => {
    expect((await runCommand(['--quiet-for', '1s', '--', ...idle]).ended).code).toBe(124)
  })

  test('not when asked to go on: it is reported, and ends by itself', async () => {
    const run = runCommand(['--quiet-for', '1s', '--continue-on-hang', '--', ...idle])
    const { code, stderr } = await run.ended
    expect(code).toBe(6)
    expect(stderr).toMatch(/impasse: the command goes on/)
    expect(run.report('report.txt')).toMatch(/IDLE/)
  })

  test('the time limit does, also for one that works', async () => {
    const run = runCommand(['--timeout', '2s', '--', node, fixturePath('busy-loop.mjs')])
    expect((await run.ended).code).toBe(124)
    expect(run.report('report.txt')).toMatch(/BUSY/)
  })

  test('shortly before a known limit only a hang ends it', async () => {
    const run = runCommand(['--before', '4s', '--', ...idle])
    const { code, stderr } = await run.ended
    expect(code).toBe(6)
    expect(stderr).toMatch(/shortly before the limit of 4 s/)
    const hung = runCommand(['--before', '3s', '--', node, fixturePath('three-threads-deadlock.mjs')])
    expect((await hung.ended).code).toBe(124)
  })
})

describe('in GitHub Actions', () => {
  test('an annotation at the line of the waiting call, and the summary of the job', async () => {
    const first = runCommand(['--', 'true'])
    const summary = join(first.folder, 'summary.md')
    writeFileSync(summary, 'what others wrote\n')
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary }
    const cwd = fixturePath('ci-node-test')
    const run = runCommand(['--quiet-for', '3s', '--', node, 'deadlock.test.mjs'], { cwd, env })
    const { code, stderr } = await run.ended
    expect(code).toBe(124)
    expect(stderr).toMatch(/^::error file=deadlock\.test\.mjs,line=32,col=17,title=deadlock%3A /m)
    expect(readFileSync(summary, 'utf8')).toMatch(
      /^what others wrote\n## DEADLOCK: .*\n\nTest: `deadlock\.test\.mjs > registry > keeps what is added`/,
    )
  })
})

test('without a command, or with a wrong option: one sentence, and exit code 125', async () => {
  for (const args of [[], ['--quiet-for', 'soon', '--', 'true']]) {
    const { code, stderr } = await runCommand(args).ended
    expect(code).toBe(125)
    expect(stderr).toMatch(/^impasse: /)
    expect(stderr).toMatch(/See `impasse --help`/)
  }
})
