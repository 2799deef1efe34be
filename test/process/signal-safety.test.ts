import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { parseFreezerMounts } from '../../src/process/control-groups.ts'
import { textOf } from '../../src/process/proc.ts'
import { canSignal } from '../../src/process/signal-safety.ts'
import { readStat } from '../../src/process/stat.ts'
import { identify } from '../../src/process/target.ts'
import { nodeBinary, targetNodes } from '../support/node-versions.ts'
import { fixturePath, startFixture, startProgram } from '../support/spawn-fixture.ts'

test.each(targetNodes())('an idle Node $major may be signalled', async ({ path }) => {
  const { pid } = await startFixture('idle-timer.mjs', { node: path })
  expect(canSignal(identify(pid))).toBe('yes')
})

describe('refuses', () => {
  test.each(targetNodes().filter(({ major }) => major >= 22))(
    '--disable-sigusr1 (Node $major)',
    async ({ path }) => {
      const { pid } = await startFixture('idle-timer.mjs', { node: path, execArgv: ['--disable-sigusr1'] })
      expect(canSignal(identify(pid))).toMatchObject({
        kind: 'not caught',
        reason: expect.stringContaining('--disable-sigusr1'),
      })
    },
  )

  test('--disable-sigusr1 in NODE_OPTIONS', async ({ skip }) => {
    const node = nodeBinary(24)
    if (!node) return skip('Node 24 is not installed (install-nodes.js)')
    const { pid } = await startFixture('idle-timer.mjs', { node, env: { NODE_OPTIONS: '--disable-sigusr1' } })
    expect(canSignal(identify(pid))).toMatchObject({ kind: 'not caught' })
  })

  test('a stopped process', async () => {
    const { pid } = await startFixture('idle-timer.mjs')
    process.kill(pid, 'SIGSTOP')
    await vi.waitFor(() => expect(readStat(pid)?.state).toBe('T'))
    expect(canSignal(identify(pid))).toMatchObject({
      kind: 'stopped',
      remedy: expect.stringContaining(`kill -CONT ${pid}`),
    })
  })

  test('a process in a debugger', async ({ skip }) => {
    const { pid } = await startFixture('idle-timer.mjs')
    const attach = `import ctypes, sys\nif ctypes.CDLL(None).ptrace(16, ${pid}, 0, 0) != 0: print('no')\nprint('ready', flush=True)\nsys.stdin.read()`
    const tracer = await startProgram('python3', ['-c', attach]).catch(() => undefined)
    if (!tracer || tracer.stdout().includes('no')) return skip('no python3 that may trace')
    await vi.waitFor(() => expect(readStat(pid)?.state).toBe('t'))
    expect(canSignal(identify(pid))).toMatchObject({
      kind: 'traced',
      reason: expect.stringContaining(`process ${tracer.pid} (`),
    })
  })

  test.each([1, 2])('a frozen control group, version %i', async version => {
    const place = parseFreezerMounts(textOf('/proc/self/mountinfo') ?? '').find(
      mount => mount.version === version,
    )
    const group = `${place?.mount}/impasse-test-${process.pid}`
    try {
      mkdirSync(group)
    } catch {
      return
    }
    onTestFinished(() => vi.waitFor(() => rmdirSync(group)))
    const { pid } = await startFixture('idle-timer.mjs')
    const [file, frozen, thawed] =
      version === 2 ? ['cgroup.freeze', '1', '0'] : ['freezer.state', 'FROZEN', 'THAWED']
    writeFileSync(`${group}/cgroup.procs`, String(pid))
    writeFileSync(`${group}/${file}`, frozen!)
    onTestFinished(() => writeFileSync(`${group}/${file}`, thawed!))
    await vi.waitFor(() =>
      expect(canSignal(identify(pid))).toMatchObject({
        kind: 'frozen',
        remedy: expect.stringContaining(group),
      }),
    )
  })

  test('a stderr that is full: a socket', async () => {
    const { pid } = await startFixture('full-stderr.cjs', { stderr: 'unread' })
    await vi.waitFor(
      () =>
        expect(canSignal(identify(pid))).toMatchObject({
          kind: 'stderr stuck',
          reason: expect.stringContaining('socket:['),
        }),
      5000,
    )
  })

  test.each(targetNodes())('a stderr that is full: a pipe (Node $major)', async ({ path }) => {
    const script = 'exec "$0" "$1" 2> >(exec sleep 600)'
    const { pid } = await startProgram('bash', ['-c', script, path, fixturePath('full-stderr.cjs')])
    await vi.waitFor(
      () =>
        expect(canSignal(identify(pid))).toMatchObject({
          kind: 'stderr stuck',
          reason: expect.stringContaining('pipe:['),
        }),
      5000,
    )
  })
})

test('a stderr that is full, but never blocks, does no harm', async () => {
  const script = 'exec "$0" "$1" 2> >(exec sleep 600)'
  const { pid } = await startProgram('bash', [
    '-c',
    script,
    process.execPath,
    fixturePath('spins-on-full-stderr.mjs'),
  ])
  await vi.waitFor(() => expect(readStat(pid)?.userMs).toBeGreaterThan(200), 5000)
  expect(canSignal(identify(pid))).toBe('yes')
})

test('throws when the process has gone', async () => {
  const { pid, kill } = await startFixture('idle-timer.mjs')
  const target = identify(pid)
  await kill()
  expect(() => canSignal(target)).toThrow(expect.objectContaining({ code: 'IMPASSE_PROCESS_EXITED' }))
})
