/** A lock of JavaScript whose holder answers no inspector, while the one that waits for it does: they are told together. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { buildAddon, hasCompiler } from '../support/native-addon.ts'
import { targetNodes } from '../support/node-versions.ts'
import { fixturePath, startFixture } from '../support/spawn-fixture.ts'
import { asleep, progress } from './support.ts'

const program = 'native-locks/silent-holder.mjs'
const file = fixturePath(program)
let folder = ''
let addon = { file: '', remove: () => {} }
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'impasse-silent-'))
  execFileSync('mkfifo', [join(folder, 'fifo')])
  if (hasCompiler) addon = buildAddon()
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  addon.remove()
})

async function start(node: string, way: string) {
  const args = [way, join(folder, 'fifo'), addon.file]
  return startFixture(program, { node, execArgv: ['--inspect-port=0'], args })
}

async function look(node: string, way: string) {
  const { pid } = await start(node, way)
  await asleep(pid)
  const snapshot = await capture(pid)
  const diagnosis = diagnose(snapshot)
  const party = (name: string) => snapshot.processes[0]!.threads.find(one => one.name === name)!.id
  return { pid, snapshot, diagnosis, party }
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test.each([
    ['main waits', 'main', 'filler', 22],
    ['a worker waits', 'writer', 'filler', 22],
    ['given back before', 'main', 'holder', 22],
  ])('%s: who holds it reads a FIFO', async (way, waiter, holder, line) => {
    const { snapshot, diagnosis, party } = await look(path, way)
    expect(diagnosis.verdict.status).toBe('blocked')
    expect(snapshot.holds).toMatchObject([
      { party: party(holder), sure: true, acquiredAt: { file, line }, at: { function: 'refill', line: 26 } },
    ])
    const frames = snapshot.processes[0]!.threads.find(({ name }) => name === holder)!.looks.at(-1)!.frames
    expect(frames[snapshot.holds[0]!.frame!]).toMatchObject({
      function: 'refill',
      class: 'Journal',
      line: 26,
    })
    const finding = diagnosis.findings.find(({ parties }) => parties[0] === party(holder))!
    expect(finding).toMatchObject({ kind: 'native-block', victims: [party(waiter)] })
    expect(finding.explanation).toMatch(/waits for Journal\.#lock in Journal\.append .*:34:16\), held by/)
    expect(diagnosis.findings.every(({ status }) => status === 'blocked')).toBe(true)
    const { summary } = diagnosis.threads.find(({ thread }) => thread === party(waiter))!
    expect(summary).toMatch(/held by worker \d .*reads .*fifo/)
  })

  test.runIf(hasCompiler)('opposite orders of a lock of JavaScript and one of an addon', async () => {
    const { snapshot, diagnosis, party } = await look(path, 'opposite orders')
    expect(diagnosis.verdict.status).toBe('deadlock')
    const [finding] = diagnosis.findings
    expect(finding).toMatchObject({ kind: 'cycle', parties: [party('main'), party('filler')] })
    expect(finding!.waits.map(({ at }) => at)).toMatchObject([
      { function: 'append', file, line: 34 },
      { function: 'lockNative', file, line: 50 },
    ])
    expect(snapshot.processes[0]!.threads[0]!.seenBy).toContain('inspector')
  })

  test('threads that take turns are not accused', async () => {
    const fixture = await start(path, 'take turns')
    for (let count = 0; count < 10; count += 1) {
      const { findings } = diagnose(await capture(fixture.pid))
      for (const { status } of findings) expect(status).not.toMatch(/deadlock|suspected/)
    }
    await progress(fixture)
  })
})
