import { describe, expect, test } from 'vitest'
import { LineTable } from '../../src/sources/line-table.ts'
import { declarationOf, isConstant } from '../../src/sources/scopes.ts'
import { parseFunctionAt, parseFunctionSource, parseScript, type Syntax } from '../../src/sources/syntax.ts'
import { SyntaxStore, wholeLimit } from '../../src/sources/syntax-store.ts'

function parsed(text: string): Syntax {
  const syntax = parseScript(text)
  if ('unknown' in syntax) throw new Error(syntax.unknown)
  return syntax
}

test('lines end where V8 ends them', () => {
  const lines = new LineTable('a\r\nb\nc\u2028d\re')
  expect(['a', 'b', 'c', 'd', 'e'].map((_, line) => lines.offsetAt(line + 1, 1))).toEqual([0, 3, 5, 7, 9])
  expect(lines.positionAt(7)).toEqual({ line: 4, column: 1 })
  expect(lines.offsetAt(9, 1)).toBeUndefined()
})

describe('a text is parsed', () => {
  test.each([
    ['a module with top-level await', 'import x from "x"; await x'],
    ['CommonJS', 'if (x) return; module.exports = 1'],
    ['a sloppy script', 'with (a) b'],
    ['a hashbang', '#!/usr/bin/env node\nx()'],
    ['using', '{ using a = f(); await 0 }'],
    ['a private name out of its class', 'x.#y; super.z()'],
  ])('%s', (_, text) => {
    expect('unknown' in parseScript(text)).toBe(false)
  })

  test('and says when it is none', () => {
    expect(parseScript('{{{')).toEqual({ unknown: expect.stringContaining('could not be parsed') })
  })

  test('without overflow, however deep it is', () => {
    expect(parseScript(`x = ${'['.repeat(30_000)}${']'.repeat(30_000)}`)).toHaveProperty('unknown')
    const long = parsed(Array.from({ length: 200 }, () => 'f(').join('') + ')'.repeat(200))
    expect(long.callAt(long.text.lastIndexOf('f(')).exact).toBe(true)
  })
})

describe('the call at a position', () => {
  test.each([
    ['f(g())', 'g', 'g()'],
    ['f(g())', 'f', 'f(g())'],
    ['a.b.c(1)', 'c', 'a.b.c(1)'],
    ['a[x](1)', 'x', 'a[x](1)'],
    ['class A { #b() { this.#b() } }', '#b() }', 'this.#b()'],
    ['new A(b)', 'new', 'new A(b)'],
    ['o?.lock()', 'lock', 'o?.lock()'],
  ])('%s at %s', (text, at, call) => {
    const syntax = parsed(text)
    const found = syntax.callAt(text.lastIndexOf(at))
    expect([syntax.textOf(found.call!), found.exact]).toEqual([call, true])
  })

  test('a getter stands at no call', () => {
    const syntax = parsed('f(this.size + 1)')
    expect(syntax.callAt(7).exact).toBe(false)
  })
})

test('one function of a text too big to parse whole', () => {
  const filler = 'x;'.repeat(wholeLimit / 2)
  const text = `${filler}class A { async lock(n) { await 0; this.#p(n) } get size() { return 1 } }; const f = (a) => a + 1`
  const store = new SyntaxStore({ get: () => text })
  const whole = store.of('s')
  expect(whole).toEqual({ unknown: 'its source is too big to parse whole' })
  const positions = [text.indexOf('(n)'), text.indexOf('() { return'), text.indexOf('(a) =>')]
  const kinds = positions.map(offset => {
    const syntax = parseFunctionAt(text, offset)
    return 'unknown' in syntax ? syntax.unknown : [syntax.root.type, syntax.textOf(syntax.root).slice(-12)]
  })
  expect(kinds).toEqual([
    ['FunctionExpression', 'is.#p(n) }'.padStart(12, 'th')],
    ['FunctionExpression', '{ return 1 }'],
    ['ArrowFunctionExpression', '(a) => a + 1'],
  ])
  expect('unknown' in store.around('s', { line: 1, column: positions[2]! + 1 })).toBe(false)
})

test.each([
  'function f() {}',
  'lock(a) { return super.x }',
  '(a) => a',
  'async *[Symbol.iterator]() {}',
  'get x() { return 1 }',
  'class A { constructor() {} }',
  '#p() {}',
])('a function alone: %s', source => {
  expect('unknown' in parseFunctionSource(source)).toBe(false)
})

test('names are found in their scopes', () => {
  const syntax = parsed('let m = 1; function f(m) { { const m = 2; at(m) } var v; v = 1; m } m++')
  const uses = [...syntax.text.matchAll(/\bm\b/g)].map(match => syntax.nodeAt(match.index))
  const found = uses.map(node => declarationOf(syntax, 'm', node))
  expect(found.map(one => `${one!.kind} ${isConstant(syntax, one!)}`)).toEqual([
    'let false',
    'parameter true',
    'const true',
    'const true',
    'parameter true',
    'let false',
  ])
})
