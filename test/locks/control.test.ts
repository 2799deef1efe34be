import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { controlOf } from '../../src/locks/control.ts'
import type { Activation } from '../../src/snapshot/question.ts'
import { SyntaxStore } from '../../src/sources/syntax-store.ts'
import { frame } from '../diagnosis/build.ts'
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

describe('a trap is one only where the source gives its object to a Proxy', () => {
  const text = `
    const routes = { get() { here(0) } }
    class Cache { has() { here(1) } }
    const traps = { get() { here(2) } }
    class Base { has() { here(3) } }
    class Traps extends Base {}
    const all = [new Cache(), new Proxy({}, traps), new Proxy({}, new Traps()), Proxy.revocable({}, { set: () => here(4) })]
    function ask(name) { return all[0][name]() }
  `
  const position = (needle: string) => {
    const before = text.slice(0, text.indexOf(needle)).split('\n')
    return { line: before.length, column: before.at(-1)!.length + 1 }
  }
  const activation = (index: number, functionName: string, needle: string): Activation => ({
    party: 'main',
    index,
    script: 'a.js',
    ...position(needle),
    functionStart: { unknown: 'not kept' },
    functionName,
    frame: frame(`${functionName} (a.js:1:1)`),
  })

  test.each([
    [0, 'get', []],
    [1, 'has', []],
    [2, 'get', ["trap 'get' of a Proxy"]],
    [3, 'has', ["trap 'has' of a Proxy"]],
    [4, 'set', ["trap 'set' of a Proxy"]],
  ] as const)('%i: %s', async (number, name, said) => {
    const stack = [activation(0, name, `here(${number})`), activation(1, 'ask', 'all[0][name]')]
    const vias = await controlOf(stack, new SyntaxStore({ get: () => text }))
    expect([...vias.values()].map(via => via.text)).toEqual(said)
  })
})
