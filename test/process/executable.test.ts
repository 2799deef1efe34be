import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { inspectExecutable } from '../../src/process/executable.ts'
import { targetNodes } from '../support/node-versions.ts'

test.each(targetNodes())('Node $major tells its versions', ({ major, path }) => {
  expect(inspectExecutable(path, path)).toMatchObject({
    kind: 'node',
    version: expect.stringMatching(new RegExp(`^v${major}\\.`)),
    v8: expect.stringContaining('-node.'),
  })
})

test('other programs, scripts and damaged images are strangers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-elf-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const image = readFileSync('/bin/sleep')
  const damaged = join(folder, 'damaged')
  expect(inspectExecutable('/bin/sleep', '/bin/sleep')).toEqual({ kind: 'stranger' })
  expect(inspectExecutable('/etc/passwd', '/etc/passwd')).toEqual({ kind: 'stranger' })
  expect(inspectExecutable('/nowhere', '/nowhere')).toEqual({ kind: 'stranger' })
  for (let length = 0; length < 2000; length += 97) {
    writeFileSync(damaged, image.subarray(0, length))
    expect(inspectExecutable(damaged, '/opt/bun-like')).toMatchObject({
      kind: expect.stringMatching(/stranger|relative/),
    })
  }
  for (let at = 16; at < 400; at += 7) {
    const bytes = Buffer.from(image)
    bytes[at] = 0xff
    writeFileSync(damaged, bytes)
    expect(inspectExecutable(damaged, '/opt/other')).toEqual({ kind: 'stranger' })
  }
})
