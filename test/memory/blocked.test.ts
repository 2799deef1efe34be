import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readThreadStack } from '../../src/memory/thread-stack.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { ownPlaces, stackOf } from './support.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'impasse-memory-'))
  execFileSync('mkfifo', [join(folder, 'fifo')])
})
afterAll(() => rmSync(folder, { recursive: true }))

const callers = [
  '#write blocked.cjs:17:12',
  '(anonymous) blocked.cjs:13:39',
  'pack blocked.cjs:13:16',
  'open blocked.cjs:9:26',
  'begin blocked.cjs:36:11',
]

describe.each(targetNodes())('Node $major', ({ path, major }) => {
  test.each([
    ['execSync', 'block blocked.cjs:24:14', ['spawnSync', 'spawnSync', 'execSync']],
    ['spawnSync', 'block blocked.cjs:26:14', ['spawnSync', 'spawnSync']],
    ['read', 'block blocked.cjs:28:14', ['readSync']],
    ['wait', 'block blocked.cjs:30:22', []],
  ])('%s: the functions, with lines and columns', async (way, place, internal) => {
    for (const execArgv of [[], ['--always-sparkplug']]) {
      const fixture = await startFixture('memory/blocked.cjs', {
        node: path,
        execArgv,
        args: [way, join(folder, 'fifo')],
      })
      const stack = await stackOf(fixture, ({ functions }) => functions.length > internal.length + 5)
      expect(stack.confidence).toBe(1)
      expect(stack.functions.slice(0, internal.length).map(({ function: name }) => name)).toEqual(internal)
      expect(ownPlaces(stack)).toEqual([place, ...callers])
      for (const { line } of stack.functions) expect(line).toBeTypeOf('number')
      await fixture.kill()
    }
  })

  test('functions that were inlined into code of TurboFan', async () => {
    const fixture = await startFixture('memory/optimised.cjs', {
      node: path,
      execArgv: ['--allow-natives-syntax', '--no-use-osr'],
      args: [major < 20 ? 'any' : 'turbofan'],
    })
    const stack = await stackOf(fixture, ({ functions }) => functions.some(f => f.function === 'begin'))
    expect(ownPlaces(stack)).toEqual([
      'leaf optimised.cjs:6:11',
      'middle optimised.cjs:11:10',
      'hot optimised.cjs:17:12',
      'begin optimised.cjs:32:3',
    ])
  })

  // Before, it is no part of a build or not finished.
  test.runIf(major >= 24)('functions in code of Maglev, whose positions do not hold in loops', async () => {
    const fixture = await startFixture('memory/optimised.cjs', {
      node: path,
      execArgv: ['--allow-natives-syntax', '--no-use-osr', '--maglev', '--no-turbofan'],
      args: ['maglev'],
    })
    const stack = await stackOf(fixture, ({ functions }) => functions.some(f => f.function === 'begin'))
    expect(ownPlaces(stack)).toEqual([
      expect.stringMatching(/^leaf optimised.cjs:(6:11|undefined:undefined)$/),
      expect.stringMatching(/^middle optimised.cjs:(11:10|undefined:undefined)$/),
      'hot optimised.cjs:undefined:undefined',
      'begin optimised.cjs:32:3',
    ])
  })

  test('a thread in its event loop has no JavaScript on its stack, and one that runs is not read', async () => {
    const idle = await startFixture('idle-timer.mjs', { node: path })
    const stack = await stackOf(idle, ({ functions }) => functions.length === 0)
    expect(stack.functions).toEqual([])
    const busy = await startFixture('busy-loop.mjs', { node: path })
    await expect
      .poll(() => readThreadStack(busy.pid, busy.pid, path), { timeout: 5000 })
      .toEqual({ unknown: expect.stringMatching(/not at rest/) })
  })
})
