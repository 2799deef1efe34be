/** A source that answers nothing, or lies about undefined, must not lead to a hold that is sure. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { prepareLocks, recogniseLocks } from '../../src/locks/recognise.ts'
import type { Activation, Answer, ScriptTexts, Value, ValueSource } from '../../src/snapshot/question.ts'
import { SyntaxStore } from '../../src/sources/syntax-store.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

const file = fixturePath('locks-atomics/plain-functions.mjs')
const text = readFileSync(file, 'utf8')
const texts: ScriptTexts = {
  get: () => text,
  url: () => file,
  original: (_, line, column) => ({ file, line, column }),
  scripts: ['plain'],
}

/** The stack of transfer → lock → Atomics.wait, as main has it. */
function stack(): readonly Activation[] {
  const lines = text.split('\n')
  const at = (index: number, search: string, name: string, from = 0): Activation => {
    const line = lines.findIndex((one, number) => number >= from && one.includes(search)) + 1
    const column = lines[line - 1]!.indexOf(search) + 1
    const frame = { function: name, class: null, file, line, column, kind: 'js', owner: 'program' } as const
    return {
      party: 'p1/t0',
      index,
      script: 'plain',
      line,
      column,
      functionStart: { unknown: 'not asked' },
      functionName: name,
      frame: { ...frame, seenBy: 'inspector', confidence: 1 },
    }
  }
  return [at(0, 'wait(cells', 'lock'), at(1, 'lock(locks, to)', 'transfer'), at(2, 'transfer(1, 2)', '')]
}

const answers: Record<string, Answer<Value>> = {
  nothing: { unknown: 'deadline' },
  'undefined everywhere': { known: { kind: 'undefined' } },
  'null everywhere': { known: { kind: 'null' } },
  'numbers everywhere': { known: { kind: 'number', value: 1 } },
}

test.each(Object.entries(answers))('%s', async (_, answer) => {
  const activations = new Map([['p1/t0', stack()]])
  const syntax = new SyntaxStore(texts)
  prepareLocks(activations, syntax, texts)
  const values = { ask: () => Promise.resolve(answer) } as ValueSource
  const facts = await recogniseLocks(activations, syntax, texts, values, [])
  expect(facts.holds.filter(hold => hold.sure)).toEqual([])
  expect(facts.waits.map(wait => [wait.call, wait.sure])).toEqual([['Atomics.wait(cells, i, 1)', false]])
  expect(facts.resources[0]!.complete).not.toBe(true)
})
