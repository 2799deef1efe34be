import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { controlOf } from '../../src/locks/control.ts'
import type { Activation } from '../../src/snapshot/question.ts'
import { SyntaxStore } from '../../src/sources/syntax-store.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

test.each(targetNodes())('names how control came back on Node $major', async ({ path }) => {
  const program = await startFixture('locks-atomics/control-returns.mjs', {
    node: path,
    execArgv: ['--inspect-port=0'],
  })
  await new Promise(resolve => setTimeout(resolve, 50))
  const snapshot = await capture(program.pid)
  const frames = snapshot.processes[0]!.threads[0]!.looks.at(-1)!.frames
  const stack = frames.map(
    (frame, index): Activation => ({
      party: 'main',
      index,
      script: String(frame.file),
      line: Number(frame.line),
      column: Number(frame.column),
      functionStart: { unknown: 'not kept' },
      functionName: frame.function,
      frame,
    }),
  )
  const store = new SyntaxStore({
    get: file => (file.startsWith('/') ? readFileSync(file, 'utf8') : undefined),
  })
  const vias = await controlOf(stack, store)
  const said = [...vias]
    .sort(([left], [right]) => left - right)
    .map(([index, via]) => `${stack[index]!.functionName}: ${via.text}`)
  expect(said).toEqual([
    "get size: getter 'size' of Cache",
    "set limit: setter 'limit' of Cache",
    'toString: toString of Cache, run by a template',
    'valueOf: valueOf of Cache, run by `+`',
    "has: trap 'has' of a Proxy",
    "[Symbol.iterator]: generator '[Symbol.iterator]', run by `for … of`",
    "onRecord: listener of event 'record'",
    "onChange: listener of event 'change'",
    'describe: Error.prepareStackTrace, run to build a `stack`',
    'each: callback of forEach()',
    'later: callback of setImmediate',
  ])
})
