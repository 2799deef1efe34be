import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { readStat } from '../../src/process/stat.ts'
import { ProcessTree } from '../../src/process/tree.ts'
import { until } from '../support/run-command.ts'

function start(line: string, env: Record<string, string> = {}) {
  const child = spawn('/bin/sh', ['-c', line], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, ...env },
  })
  onTestFinished(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // Ended by itself.
    }
  })
  const pid = child.pid!
  return { pid, startTicks: readStat(pid)!.startTicks }
}

function commands(tree: ProcessTree): readonly string[] {
  return tree.living().map(({ comm }) => comm)
}

test('children and their children; strangers are not among them', async () => {
  start('sleep 1000')
  const tree = new ProcessTree(start('(sleep 1001 & sleep 1002; true) & wait'))
  const living = await until(() => {
    const now = commands(tree)
    return now.filter(name => name === 'sleep').length === 2 && now
  })
  expect(living).toEqual(['sh', 'sh', 'sleep', 'sleep'])
})

test('an orphan is known by the parent that it had', async () => {
  const root = start('(sleep 1003 & sleep 0.3) & sleep 1000')
  const tree = new ProcessTree(root)
  await until(() => commands(tree).filter(name => name === 'sleep').length === 3)
  const orphan = await until(() =>
    tree
      .living()
      .find(
        ({ comm, parent }) =>
          comm === 'sleep' && parent !== root.pid && !tree.living().some(({ id }) => id === parent),
      ),
  )
  expect(orphan.id).toBeGreaterThan(0)
})

test('one that nobody saw being born is known by its token, also among others', async () => {
  const root = start('sleep 1000', { IMPASSE_TEST: 'outer' })
  const stray = start('exec sleep 1004', { IMPASSE_TEST: 'outer:inner' })
  const stranger = start('sleep 1005', { IMPASSE_TEST: 'other' })
  await until(() => readStat(stray.pid)?.comm === 'sleep')
  const tree = new ProcessTree(root, { name: 'IMPASSE_TEST', value: 'inner' })
  const pids = tree.living().map(({ id }) => id)
  expect(pids).toContain(stray.pid)
  expect(pids).not.toContain(stranger.pid)
})

test('a number that now belongs to another process is no member', () => {
  const { pid, startTicks } = start('sleep 1000')
  expect(new ProcessTree({ pid, startTicks: startTicks - 1 }).living().map(({ id }) => id)).not.toContain(pid)
})
