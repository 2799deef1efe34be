import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { enterNetwork, targetPath } from '../../src/process/namespaces.ts'
import { identify } from '../../src/process/target.ts'
import { fixturePath, startProgram } from '../support/spawn-fixture.ts'

const elsewhere = { pid: 1, namespaces: { mount: false } } as const

test('links of a target do not lead out of its root', () => {
  const root = mkdtempSync(join(tmpdir(), 'impasse-root-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'app/dist'), { recursive: true })
  writeFileSync(join(root, 'app/dist/main.js'), '')
  symlinkSync('/app', join(root, 'absolute'))
  symlinkSync('../../../../../etc/passwd', join(root, 'app/up'))
  symlinkSync('dist/main.js', join(root, 'app/entry'))
  symlinkSync('loop', join(root, 'loop'))
  const at = (path: string) => targetPath(elsewhere, path, root)
  expect(at('/app/dist/main.js')).toBe(join(root, 'app/dist/main.js'))
  expect(at('/absolute/entry')).toBe(join(root, 'app/dist/main.js'))
  expect(at('/app/../../../app/dist')).toBe(join(root, 'app/dist'))
  expect(at('/app/up')).toBeUndefined()
  expect(at('/loop')).toBeUndefined()
  expect(at('/missing')).toBeUndefined()
  mkdirSync(join(root, 'etc'))
  writeFileSync(join(root, 'etc/passwd'), '')
  expect(at('/app/up')).toBe(join(root, 'etc/passwd'))
})

test('other network and mount namespaces are noticed', async ({ skip }) => {
  if (spawnSync('unshare', ['--net', '--mount', 'true']).status !== 0)
    return skip('may not make namespaces here')
  const { pid } = await startProgram('unshare', [
    '--net',
    '--mount',
    process.execPath,
    fixturePath('idle-timer.mjs'),
  ])
  const target = identify(pid)
  expect(target.namespaces).toEqual({ pid: true, mount: false, network: false })
  expect(targetPath(target, '/etc/passwd')).toBe(`/proc/${pid}/root/etc/passwd`)
  expect(enterNetwork(pid)).toBe(`sudo nsenter --target ${pid} --net -- impasse ${pid}`)
})

test('another pid namespace: the program has another number for itself', async ({ skip }) => {
  if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0)
    return skip('may not make namespaces here')
  const { pid: outer } = await startProgram('unshare', [
    '--pid',
    '--fork',
    '--kill-child',
    process.execPath,
    fixturePath('idle-timer.mjs'),
  ])
  const { childrenOf } = await import('../../src/process/children.ts')
  const { pid } = childrenOf(outer)[0]!
  expect(identify(pid)).toMatchObject({ pid, ownPid: 1, namespaces: { pid: false } })
})
