import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { TOOL } from '../../src/version.ts'
import { impassePath, runImpasse } from '../support/run-impasse.ts'
import { startFixture, startProgram } from '../support/spawn-fixture.ts'

const anyPort = { execArgv: ['--inspect-port=0'] }

test('the version is that of the package', async () => {
  expect(TOOL.version).toBe(packageJson.version)
  expect((await runImpasse(['--version'])).stdout.trim()).toBe(packageJson.version)
})

test('the help names every option, and says what the exit codes mean', async () => {
  const { code, stdout } = await runImpasse(['--help'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/--no-inspector/)
  expect(stdout).toMatch(/130, 143/)
  expect(stdout).toMatch(/\(default: 10s\)/)
})

test('help, and that of a command', async () => {
  const { code, stdout } = await runImpasse(['help'])
  expect(code).toBe(0)
  expect(stdout).toBe((await runImpasse(['--help'])).stdout)
  for (const name of ['run', 'watch', 'core', 'report', 'ps']) {
    const told = await runImpasse(['help', name])
    expect(told.code).toBe(0)
    expect(told.stdout).toBe((await runImpasse([name, '--help'])).stdout)
    expect(told.stdout).toMatch(new RegExp(`^Usage: impasse ${name} `))
  }
})

describe('bad input: one sentence, what to do, exit code 2, no stack trace', () => {
  test.each([
    { args: [], message: /Missing required argument 'pid'/ },
    { args: ['nonsense'], message: /^impasse: "nonsense" is no process id\.\n/ },
    { args: ['-5'], message: /^impasse: -5 is no process id\.\n/ },
    { args: ['999999999'], message: /There is no process 999999999/ },
    { args: ['1', '--looks', 'many'], message: /It must be a number from 1 to 1000/ },
    { args: ['1', '--timeout', 'soon'], message: /A duration is written like 500ms, 10s or 5m/ },
    { args: ['1', '--fail-on', 'sadness'], message: /"sadness" is none of: deadlock, suspected/ },
    { args: ['1', '--color', 'sometimes'], message: /auto, always, never/ },
    { args: ['report'], message: /^impasse: Missing required argument 'file'/ },
    { args: ['help', 'reprot'], message: /^impasse: There is no command "reprot"\.\n.*run, watch, core/ },
    {
      args: ['report', '/nowhere.json'],
      message: /^impasse: \/nowhere\.json cannot be read: it does not exist\.\n/,
    },
    { args: ['report', tmpdir()], message: /cannot be read: it is a folder\.\n/ },
    { args: ['report', '/proc/self/mem'], message: /cannot be read: the device failed/ },
    { args: ['core', '/nowhere'], message: /^impasse: \/nowhere cannot be read: it does not exist\.\n/ },
    { args: ['core', tmpdir()], message: /is a folder, no core\.\n/ },
    {
      args: ['core', '/etc/hosts', '--save', '/nowhere/x.json'],
      message: /there is no folder \/nowhere\.\n/,
    },
    {
      args: ['watch', '1', '--report-dir', '/dev/null/x'],
      message: /Reports cannot be written to .*: a part of that path is a file/,
    },
    { args: ['watch', '1', '--quiet-for', 'soon'], message: /A duration is written like/ },
  ])('$args', async ({ args, message }) => {
    const { code, stdout, stderr } = await runImpasse(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stderr.trim().split('\n')).toHaveLength(2)
  })

  test('of `impasse run`: 125, since 2 may be the code of the command', async () => {
    const { code, stderr } = await runImpasse(['run', '--quiet-for', 'soon', '--', 'true'])
    expect(code).toBe(125)
    expect(stderr).toMatch(/^impasse: .*A duration is written like/)
  })

  test('a process that is not Node is not touched', async () => {
    const sleeper = await startProgram('sh', ['-c', 'echo ready; exec sleep 60'])
    const { code, stderr } = await runImpasse([String(sleeper.pid)])
    expect(code).toBe(2)
    expect(stderr).toMatch(/is not a Node.js process/)
    expect(sleeper.child.exitCode ?? sleeper.child.signalCode).toBeNull()
  })

  test('as JSON where JSON was asked for', async () => {
    const { code, stdout } = await runImpasse(['999999999', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'impasse-report',
      version: 1,
      error: { code: 'IMPASSE_NO_SUCH_PROCESS' },
    })
  })

  test('a file that cannot be written', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    for (const [option, file, why] of [
      ['-o', '/nowhere/at/all.txt', 'there is no folder /nowhere/at'],
      ['--save', '/nowhere/hang.json', 'there is no folder /nowhere'],
      ['--html', tmpdir(), 'that is a folder'],
      ['--save', '/proc/hang.json', 'no file can be made in /proc'],
      ['--save', '/dev/null/hang.json', 'a part of its path is a file, not a folder'],
    ] as const) {
      const { code, stdout, stderr } = await runImpasse([String(fixture.pid), option, file])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(`cannot be written to ${file}: ${why}.\n  `)
      expect(stderr).not.toMatch(/E[A-Z]{4,}/)
      expect(stderr.trim().split('\n')).toHaveLength(2)
    }
    // It was not even asked.
    expect(fixture.stderr()).toBe('')
  })
})

test('a bug of its own: exit code 2, what to do, and the stack', () => {
  const broken = 'data:text/javascript,performance.now = () => { throw new Error("boom") }'
  const { status, stderr } = spawnSync(process.execPath, ['--import', broken, impassePath, 'ps'], {
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  expect(stderr).toMatch(/^impasse: internal error, please report it\nError: boom\n\s+at /)
})

describe('several pids', () => {
  test('one that cannot be looked at is told of, the others are reported, and each once', async () => {
    const { pid } = await startFixture('counting.mjs', anyPort)
    const { code, stdout, stderr } = await runImpasse([`${pid}`, '999999999', `${pid}`, '--json'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^impasse: There is no process 999999999\./)
    expect(JSON.parse(stdout).processes.map((one: { pid: number }) => one.pid)).toEqual([pid])
  })

  test('where none is left, each is told of once', async () => {
    const { code, stdout, stderr } = await runImpasse(['999999998', '999999999'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.match(/There is no process \d+/g)).toEqual([
      'There is no process 999999998',
      'There is no process 999999999',
    ])
  })
})

test('a time limit that is too small for the inspector is what is to blame', async () => {
  const fixture = await startFixture('counting.mjs', anyPort)
  const { stdout } = await runImpasse([String(fixture.pid), '--timeout', '1ms'])
  expect(stdout).toMatch(/The time limit given with --timeout \(1 ms\) ran out/)
  expect(stdout).not.toMatch(/firewall/)
})

describe('exit codes and output', () => {
  test('a healthy program gives 0; --fail-on can make it 1', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    expect((await runImpasse([String(fixture.pid)])).code).toBe(0)
    expect((await runImpasse([String(fixture.pid), '--fail-on', 'idle,healthy'])).code).toBe(1)
  })

  test('a deadlock gives 1, and 0 when it is not what fails', async () => {
    const fixture = await startFixture('reentrant-queue/main.mjs', anyPort)
    expect((await runImpasse([String(fixture.pid)])).code).toBe(1)
    expect((await runImpasse([String(fixture.pid), '--fail-on', 'busy'])).code).toBe(0)
  })

  test('--output writes for the owner only; piped text has no colour, --color always has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'impasse-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const fixture = await startFixture('reentrant-queue/main.mjs', anyPort)
    const file = join(folder, 'report.txt')
    const { stdout } = await runImpasse([String(fixture.pid), '-o', file])
    expect(stdout).toBe('')
    expect(readFileSync(file, 'utf8')).toMatch(/^DEADLOCK {2}main thread re-enters/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await runImpasse([String(fixture.pid), '--color', 'always'])).stdout).toContain('\x1b[')
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with %i', async (signal, code) => {
    const fixture = await startFixture('counting.mjs', anyPort)
    let pid = 0
    const running = runImpasse([String(fixture.pid), '--looks', '300'], {
      onStart: started => (pid = started),
    })
    await new Promise<void>(resolve =>
      fixture.child.stderr?.on('data', text => String(text).includes('attached') && resolve()),
    )
    process.kill(pid, signal)
    expect((await running).code).toBe(code)
  })
})
