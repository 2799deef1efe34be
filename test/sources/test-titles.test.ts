import { expect, test } from 'vitest'
import { parseScript } from '../../src/sources/syntax.ts'
import { testTitles } from '../../src/sources/test-titles.ts'

function titlesAt(text: string): readonly string[] {
  const syntax = parseScript(text)
  if ('unknown' in syntax) throw new Error(syntax.unknown)
  return testTitles(syntax, syntax.functionAt(text.indexOf('here()')))
}

test.each([
  { text: "it('adds', () => here())", titles: ['adds'] },
  {
    text: "describe('a', () => { describe('b', function () { test('c', async () => { here() }) }) })",
    titles: ['a', 'b', 'c'],
  },
  { text: 'it.only(`adds`, () => here())', titles: ['adds'] },
  { text: "test.each([1, 2])('takes %d', n => here())", titles: ['takes %d'] },
  { text: "(0, runner.it)('adds', () => here())", titles: ['adds'] },
  { text: "test('outer', async t => { await t.test('inner', () => here()) })", titles: ['outer', 'inner'] },
  { text: "it('adds', () => [1].map(() => here()))", titles: ['adds'] },
  { text: "bus.on('posted', () => here())", titles: [] },
  { text: 'it(name, () => here())', titles: [] },
  { text: `it(\`adds \${1}\`, () => here())`, titles: [] },
  { text: "it('adds', helper); function helper() { here() }", titles: [] },
])('$text', ({ text, titles }) => {
  expect(titlesAt(text)).toEqual(titles)
})
