import { describe, expect, test } from 'vitest'
import { declaredName, enclosingClass, isTopLevel, nameOffset } from '../../src/sources/function-names.ts'
import { parseScript } from '../../src/sources/syntax.ts'

/** The innermost function around `here()`. */
function around(text: string) {
  const syntax = parseScript(text)
  if ('unknown' in syntax) throw new Error(syntax.unknown)
  return { syntax, fn: syntax.functionAt(text.indexOf('here()')) }
}

function className(text: string): string | undefined {
  const { syntax, fn } = around(text)
  const found = enclosingClass(syntax, fn)
  // The offset is that of the name.
  if (found) expect(text.slice(found.at)).toMatch(new RegExp(`^${found.name}\\b`))
  return found?.name
}

function ownName(text: string): string | undefined {
  const { syntax, fn } = around(text)
  const offset = nameOffset(syntax, fn)
  return offset === undefined ? undefined : /^#?[\w$]+/.exec(text.slice(offset))?.[0]
}

describe('the class of a function', () => {
  test.each([
    ['a method', 'class A { m() { here() } }', 'A'],
    ['a private one', 'class A { #m() { here() } }', 'A'],
    ['a static one', 'class A { static m() { here() } }', 'A'],
    ['a getter', 'class A { get m() { return here() } }', 'A'],
    ['a constructor', 'class A extends B { constructor() { super(here()) } }', 'A'],
    ['a field with an arrow', 'class A { m = () => here() }', 'A'],
    ['an expression', 'const A = class { m() { here() } }', 'A'],
    ['an expression with a name of its own', 'let A_1; const A = A_1 = class B { m() { here() } }', 'B'],
    ['one that is assigned', 'A = class { m() { here() } }', 'A'],
    ['one that is exported', 'exports.A = class { m() { here() } }', 'A'],
    ['one without a name', 'export default class { m() { here() } }', undefined],
    ['a function', 'function m() { here() }', undefined],
    ['an object', 'const a = { m() { here() } }', undefined],
    ['an arrow inside of a method', 'class A { m() { return () => here() } }', undefined],
    ['a function in a computed key', 'class A { [(() => here())()]() {} }', undefined],
  ])('%s', (_, text, name) => {
    expect(className(text)).toBe(name)
  })
})

describe('where the name of a function stands', () => {
  test.each([
    ['a declaration', 'function m() { here() }', 'm'],
    ['an expression', 'run(function m() { here() })', 'm'],
    ['a method', 'class A { m() { here() } }', 'm'],
    ['a private one', 'class A { #m() { here() } }', '#m'],
    ['a property', 'const a = { m: () => here() }', 'm'],
    ['a variable', 'const m = () => here()', 'm'],
    ['an assignment', 'm = function () { here() }', 'm'],
    ['an assignment to a property', 'A.prototype.m = function () { here() }', 'm'],
    ['a callback', 'run(() => here())', undefined],
    ['a function in a computed key', 'const a = { [(() => here())()]: 1 }', undefined],
    ['a default value', 'const f = (m = () => here()) => m', undefined],
  ])('%s', (_, text, name) => {
    expect(ownName(text)).toBe(name)
  })

  test('code outside of functions', () => {
    expect(isTopLevel(around('here()').fn)).toBe(true)
    expect(isTopLevel(around('() => here()').fn)).toBe(false)
  })
})

describe('the declaration at a position of an original text', () => {
  test.each([
    ['function run() {}', 1, 'run'],
    ['  async function* $run () {}', 3, '$run'],
    ['export default async function run() {}', 1, 'run'],
    ['const run = () => {}', 1, undefined],
    ['function () {}', 1, undefined],
  ])('%s', (text, column, name) => {
    expect(declaredName(`\n${text}`, 2, column)).toBe(name)
  })

  test('outside of the text', () => {
    expect(declaredName('', 5, 1)).toBeUndefined()
  })
})
