/** The rules on a table of answers: no process, no protocol. */
import { expect, test } from 'vitest'
import { recogniseLocks } from '../../src/locks/recognise.ts'
import type { Recording } from '../../src/snapshot/model.ts'
import type { Activation, ScriptTexts } from '../../src/snapshot/question.ts'
import { RecordedValues } from '../../src/snapshot/recorded-values.ts'
import { SyntaxStore } from '../../src/sources/syntax-store.ts'

const text = `const cell = new Int32Array(new SharedArrayBuffer(4))
function lock() {
  while (Atomics.compareExchange(cell, 0, 0, 1) !== 0) Atomics.wait(cell, 0, 1)
}
function unlock() {
  Atomics.store(cell, 0, 0)
  Atomics.notify(cell, 0, 1)
}
function put(item) {
  lock()
  listeners.forEach(run => run(item))
  unlock()
}
const listeners = [() => put(2)]
put(1)
`

const texts: ScriptTexts = {
  get: () => text,
  url: () => 'file:///queue.mjs',
  original: (_, line, column) => ({ file: '/queue.mjs', line, column }),
  scripts: ['queue'],
}

const stack = (
  [
    ['lock', 3, 64],
    ['put', 10, 3],
    ['', 14, 26],
    ['', 11, 28],
    ['put', 11, 13],
    ['', 15, 1],
  ] as const
).map(
  ([functionName, line, column], index): Activation => ({
    party: 'p1/t0',
    index,
    script: 'queue',
    line,
    column,
    functionStart: { unknown: 'not needed' },
    functionName,
    frame: {
      function: functionName,
      class: null,
      file: '/queue.mjs',
      line,
      column,
      kind: 'js',
      owner: 'program',
      seenBy: 'inspector',
      confidence: 1,
    },
  }),
)

const source = (name: string) => {
  const from = text.indexOf(`function ${name}`)
  return { script: 'queue', from, length: text.indexOf('\n}', from) + 2 - from }
}
const fn = (id: string) =>
  ({
    is: 'value',
    value: { kind: 'function', party: 'p1/t0', id, className: 'Function', source: source(id) },
  }) as const

const table: Recording['answers'] = [
  {
    question: 'value p1/t0 0 cell',
    answer: {
      is: 'value',
      value: { kind: 'object', party: 'p1/t0', id: 'a', className: 'Int32Array', subtype: 'typedarray' },
    },
  },
  {
    question: 'word p1/t0 a 0',
    answer: {
      is: 'word',
      buffer: 'b',
      byte: 0,
      value: 1,
      bigint: false,
      shared: true,
      arrayType: 'Int32Array',
    },
  },
  { question: 'value p1/t0 4 lock', answer: fn('lock') },
  { question: 'value p1/t0 4 unlock', answer: fn('unlock') },
  { question: 'value p1/t0 1 unlock', answer: fn('unlock') },
  {
    question: 'variable p1/t0 lock cell',
    answer: {
      is: 'value',
      value: { kind: 'object', party: 'p1/t0', id: 'a', className: 'Int32Array', subtype: 'typedarray' },
    },
  },
]

function facts(answers: Recording['answers']) {
  const values = new RecordedValues(answers, () => text)
  const stacks = new Map([['p1/t0', stack]])
  return {
    values,
    found: recogniseLocks(stacks, new SyntaxStore(texts), texts, values, []),
  }
}

test('a lock that is taken twice on one stack is found', async () => {
  const { found } = facts(table)
  const { resources, holds, waits } = await found
  expect(resources).toMatchObject([{ kind: 'mutex', label: 'cell', complete: true, word: { value: 1 } }])
  expect(waits).toMatchObject([{ party: 'p1/t0', at: { function: 'put', line: 10 } }])
  expect(holds).toMatchObject([{ party: 'p1/t0', sure: true, at: { line: 11 }, acquiredAt: { line: 10 } }])
})

test('with an answer less the list of holders is incomplete, and says so', async () => {
  const { values, found } = facts(table.filter(({ question }) => question !== 'value p1/t0 4 lock'))
  const { resources, holds } = await found
  expect(holds).toEqual([])
  expect(resources).toMatchObject([
    { complete: { unknown: expect.stringMatching(/could not be evaluated/) } },
  ])
  expect(values.missed).toBe(true)
})
