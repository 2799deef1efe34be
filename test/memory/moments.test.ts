/** A program that blocks at random moments and says where, against what its memory shows at these moments. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { stackOf } from './support.ts'

type Place = readonly [name: string, line: number, column: number]

const MOMENTS = 100

test.each(targetNodes())(
  'Node $major: a hundred moments',
  async ({ path, major }) => {
    const folder = mkdtempSync(join(tmpdir(), 'impasse-memory-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    const pipe = openSync(fifo, 'r+')
    onTestFinished(() => closeSync(pipe))
    const fixture = await startFixture('memory/blocks-in-many-places.cjs', {
      node: path,
      args: [fifo, String(major)],
    })
    const count = { whole: 0, frames: 0, withoutLine: 0 }
    for (let moment = 0; moment < MOMENTS; moment++) {
      const lines = () => fixture.stdout().split('\n').slice(1, -1)
      await expect.poll(() => lines().length, { timeout: 10_000, interval: 5 }).toBe(moment + 1)
      const told = JSON.parse(lines().at(-1)!) as readonly Place[]
      const isBlocked = /^(?:readSync|spawnSync)$/
      const stack = await stackOf(fixture, ({ functions }) => isBlocked.test(functions[0]?.function ?? ''))
      expect(stack.confidence).toBe(1)
      const seen = stack.functions.filter(({ script }) => script?.url?.startsWith('node:') !== true)
      if (seen.every(({ kind }) => kind !== 'unknown')) {
        count.whole += 1
        expect(seen.map(({ function: name }) => name)).toEqual(told.map(([name]) => name))
      }
      // From the outermost on; unknown functions stand for any number of those that were told.
      let at = told.length - 1
      let skips = false
      for (const { kind, function: name, line, column } of seen.toReversed()) {
        if (kind === 'unknown') skips = true
        else {
          while (skips && at > 0 && told[at]![0] !== name) at -= 1
          skips = false
          const [trueName, trueLine, trueColumn] = told[at] ?? []
          expect(name).toBe(trueName)
          count.frames += 1
          if (line === undefined) count.withoutLine += 1
          // Where it tells and where it blocks are different places of the innermost one.
          else if (at > 0) expect([line, column]).toEqual([trueLine, trueColumn])
          at -= 1
        }
      }
      if (!skips) expect(at).toBe(-1)
      writeSync(pipe, '.')
    }
    const { whole, frames, withoutLine } = count
    console.log(
      `Node ${major}: ${whole} of ${MOMENTS} whole, ${frames} functions, ${withoutLine} without a line`,
    )
    expect(frames - withoutLine).toBeGreaterThan(500)
  },
  60_000,
)
