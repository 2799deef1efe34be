/** What memory shows against what V8 itself says: one and the same parked thread, read in both ways. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import type { Frame } from '../../src/snapshot/model.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { stackOf } from './support.ts'

async function framesOf(pid: number, inspector: boolean): Promise<readonly Frame[]> {
  const { processes } = await capture(pid, { inspector })
  return processes[0]!.threads[0]!.looks.at(-1)!.frames
}

/** What both tell; a source line, a receiver and the way of the reading are other matters. */
function told({ function: name, class: owner, file, line, column, kind }: Frame) {
  return { name, owner, file, line, column, kind }
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test.each([[[]], [['--always-sparkplug']]])('functions of every kind, flags %j', async execArgv => {
    const fixture = await startFixture('memory/every-kind-of-function.cjs', {
      node: path,
      execArgv: ['--inspect-port=0', ...execArgv],
    })
    await stackOf(fixture, ({ functions }) => functions[0]?.function === 'park')
    const memory = await framesOf(fixture.pid, false)
    const inspector = await framesOf(fixture.pid, true)
    expect(memory.every(frame => frame.seenBy === 'memory' && frame.confidence === 1)).toBe(true)
    expect(inspector.every(frame => frame.seenBy === 'inspector')).toBe(true)
    // A name that is a symbol is kept in a property of the function, which is not read.
    const named = inspector.map(frame =>
      frame.function === '[named]' ? { ...frame, function: '(anonymous)' } : frame,
    )
    expect(memory.filter(({ kind }) => kind !== 'native').map(told)).toEqual(named.map(told))
    expect(memory.length).toBeGreaterThan(50)
  })
})
