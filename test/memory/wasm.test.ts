/** Stacks that lead through WebAssembly, and the word that a thread sleeps on there. */
import { describe, expect, test } from 'vitest'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { stackOf } from './support.ts'

describe.each(targetNodes())('Node $major', ({ path }) => {
  test.each([
    ['address-in-global.mjs', 64, ['wasm', 'wasm', 'js onPut', 'wasm', 'js']],
    ['reentered-mutex.mjs', 68, ['wasm', 'wasm', 'js onPut', 'wasm', 'js submit', 'js']],
  ] as const)('%s: the functions of both languages, and the word', async (file, byte, expected) => {
    const fixture = await startFixture(`wasm/${file}`, { node: path })
    const stack = await stackOf(fixture, ({ functions }) => functions[0]?.kind === 'wasm')
    const own = stack.functions.filter(({ script }) => script?.url?.startsWith('node:') !== true)
    const shown = own.map(({ kind, function: name }) => (kind === 'js' ? `js ${name}`.trim() : kind))
    expect(shown.slice(0, expected.length)).toEqual(expected)
    expect(stack.wasmWord).toMatchObject({ byte, value: 1, memory: 0 })
  })
})
