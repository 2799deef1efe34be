/** Where the inspector cannot answer, the main thread's stack comes from memory, and nothing is done to the target. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import type { CaptureOptions } from '../../src/capture/options.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { childrenOf } from '../../src/process/children.ts'
import { readThreadStat } from '../../src/process/stat.ts'
import { targetNodes } from '../support/node-versions.ts'
import { type Fixture, fixturePath, startFixture } from '../support/spawn-fixture.ts'
import { asleep, progress, until } from './support.ts'

const anyPort = ['--inspect-port=0']

async function look({ pid }: Fixture, options: CaptureOptions = {}) {
  const snapshot = await capture(pid, options)
  const process = snapshot.processes[0]!
  const { findings, verdict } = diagnose(snapshot)
  return { process, main: process.threads[0]!, findings, verdict }
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test('execSync: function, class, file and line of the call, and the advice names it', async () => {
    const fixture = await startFixture('memory/blocked.cjs', {
      node: path,
      execArgv: anyPort,
      args: ['execSync'],
    })
    await until(() => childrenOf(fixture.pid).length > 0)
    await until(() => readThreadStat(fixture.pid, fixture.pid)?.state === 'S')
    const { process, main, findings } = await look(fixture)
    expect(process.inspector.access).toBe('none')
    expect(main.seenBy).toEqual(['proc', 'memory'])
    for (const { frames } of main.looks) {
      const file = fixturePath('memory/blocked.cjs')
      expect(frames.filter(({ owner }) => owner === 'program')).toMatchObject([
        { function: 'block', class: null, file, line: 24, column: 14, seenBy: 'memory', confidence: 1 },
        { function: '#write', class: 'Archive', file, line: 17, sourceLine: 'return block(part)' },
        { function: '(anonymous)', file, line: 13, column: 39 },
        { function: 'pack', class: 'Archive', file, line: 13, column: 16 },
        { function: 'open', class: 'Archive', file, line: 9 },
        { function: 'begin', class: null, file, line: 36 },
      ])
    }
    expect(findings.map(({ kind }) => kind)).toEqual(['native-block'])
    expect(findings[0]?.advice).toMatch(/what block \(.*blocked\.cjs:24:14\) calls/)
    expect(process.gaps).toMatchObject([
      { what: 'variables that no inner function uses (by which some locks are recognised)' },
    ])
    expect(fixture.stderr()).toBe('')
  })

  test.each(['spawnSync', 'read'])('%s: blocked at its line', async way => {
    const folder = mkdtempSync(join(tmpdir(), 'impasse-memory-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    const args = [way, fifo]
    const fixture = await startFixture('memory/blocked.cjs', { node: path, execArgv: anyPort, args })
    await asleep(fixture.pid)
    const { main, findings, verdict } = await look(fixture)
    const own = main.looks.at(-1)!.frames.filter(({ owner }) => owner === 'program')
    expect(own.map(frame => `${frame.function}:${frame.line}`)).toEqual([
      way === 'read' ? 'block:28' : 'block:26',
      '#write:17',
      '(anonymous):13',
      'pack:13',
      'open:9',
      'begin:36',
    ])
    expect(main.looks.at(-1)!.activity).toMatchObject({
      call: { meaning: expect.stringMatching(way === 'read' ? /^reads .*fifo/ : /spawnSync .*sleep 600/) },
    })
    expect(verdict.status).toBe('blocked')
    expect(findings.map(({ kind }) => kind)).toEqual(['native-block'])
  })

  test('the path of a FIFO that nobody opens at its other end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'impasse-memory-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    const fixture = await startFixture('memory/opens-fifo.cjs', {
      node: path,
      execArgv: anyPort,
      args: [fifo],
    })
    await until(() => readThreadStat(fixture.pid, fixture.pid)?.state === 'S')
    const { main, verdict } = await look(fixture)
    expect(main.looks.at(-1)?.activity).toMatchObject({
      call: { meaning: `opens ${fifo} (a FIFO opens only when its other end does)` },
    })
    expect(verdict.status).toBe('blocked')
  })
})

test('asked not to read memory, it does not', async () => {
  const fixture = await startFixture('memory/blocked.cjs', { execArgv: anyPort, args: ['execSync'] })
  await until(() => childrenOf(fixture.pid).length > 0)
  const { main, process } = await look(fixture, { memory: false })
  expect(main.seenBy).toEqual(['proc'])
  expect(main.looks.at(-1)?.frames).toEqual([])
  expect(process.gaps[0]?.what).toBe('the JavaScript stack of the main thread')
})

test('without the inspector a parked main thread is seen, and so are parked workers', async () => {
  const fixture = await startFixture('memory/blocked.cjs', { args: ['wait'] })
  await until(() => readThreadStat(fixture.pid, fixture.pid)?.state === 'S')
  const { main, verdict } = await look(fixture, { inspector: false })
  expect(main.looks.at(-1)?.frames.find(({ kind }) => kind === 'js')).toMatchObject({
    function: 'block',
    line: 30,
  })
  expect(main.looks.at(-1)?.activity).toMatchObject({
    kind: 'parked',
    in: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
  })
  expect(verdict.status).toBe('blocked')
  const nested = await startFixture('nested-workers.mjs')
  await until(() => readThreadStat(nested.pid, nested.pid)?.state === 'S')
  const { process } = await look(nested, { inspector: false })
  const workers = process.threads.filter(({ role }) => role === 'worker')
  expect(workers).toHaveLength(2)
  for (const { looks } of workers) {
    expect(looks.at(-1)?.activity).toMatchObject({
      kind: 'parked',
      in: expect.stringMatching(/^Atomics\.wait/),
    })
    expect(looks.at(-1)?.frames.find(({ kind }) => kind === 'js')).toMatchObject({
      function: 'rest',
      line: 15,
    })
  }
  expect(process.gaps[0]?.what).toMatch(/^variables that no inner function uses/)
})

test('a program at work is not blocked: what moves is not read, or differs', async () => {
  const fixture = await startFixture('counting.mjs', { execArgv: anyPort })
  for (let count = 0; count < 20; count += 1) {
    const { findings } = await look(fixture, { inspector: false })
    expect(findings).toEqual([])
  }
  await progress(fixture)
})
