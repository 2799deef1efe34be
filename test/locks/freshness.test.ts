/** Rules V: what does the name in STEP(name) still stand for at HERE()? */
import { expect, test } from 'vitest'
import { fieldDoubt, readingOf } from '../../src/locks/atomics/freshness.ts'
import { loopAround } from '../../src/locks/atomics/steps.ts'
import { parseScript, type Syntax } from '../../src/sources/syntax.ts'
import type { Node } from '../../src/sources/syntax-tree.ts'

function spanIn(text: string, earlier: boolean) {
  const syntax = parseScript(text) as Syntax
  const call = (name: string) => syntax.callAt(text.indexOf(`${name}(`)).call!
  const step = call('STEP')
  const here = call('HERE')
  const owner = syntax.ownerOf(here)
  const loop = earlier ? loopAround(syntax, owner, here) : undefined
  return {
    syntax,
    argument: step.arguments[0] as Node,
    span: { owner, from: step, to: here, ...(loop && { earlier: loop }) },
  }
}

test.each([
  ['function f(m) { STEP(m); HERE() }', 'itself'],
  ['function f(m) { STEP(m); m = x; HERE() }', 'stale'],
  ['function f(m) { m = x; STEP(m); HERE() }', 'itself'],
  ['function f(m) { STEP(m); HERE(); m = x }', 'itself'],
  ['function f(m) { STEP(m); for (;;) { HERE(); m = x } }', 'stale'],
  ['function f(m) { STEP(m); const k = m; m = x; HERE() }', 'copy k'],
  ['function f(m) { STEP(m); let k = m; m = x; k = y; HERE() }', 'stale'],
  ['function f(m) { { const m = a.b; STEP(m) } HERE() }', 'initialiser a.b'],
  ['function f(m) { { let m = a; m = b; STEP(m) } HERE() }', 'stale'],
  ['let m = 1; function g() { m = 2 } function f() { STEP(m); HERE() }', 'itself?'],
  ['let m; function g() { m = 2 } function f() { STEP(m); HERE() }', 'itself?'],
  ['let m; m = 2; function f() { STEP(m); HERE() }', 'itself'],
  ['function f(m) { const g = () => { m = 2 }; STEP(m); HERE() }', 'itself?'],
  ['earlier: function f(m) { for (;;) { HERE(); STEP(m) } }', 'itself'],
  ['earlier: function f(m) { for (;;) { m = x; HERE(); STEP(m) } }', 'stale'],
  ['earlier: function f(m) { for (;;) { p = m; m = m.next; HERE(STEP(m)) } } var p', 'copy p'],
  ['earlier: function f(m) { let p; for (;;) { p = m; m = m.next; HERE(); STEP(m) } }', 'copy p'],
  ['earlier: function f() { for (;;) { const m = x(); HERE(); STEP(m) } }', 'stale'],
])('%s', (text, expected) => {
  const earlier = text.startsWith('earlier: ')
  const { syntax, argument, span } = spanIn(text.replace('earlier: ', ''), earlier)
  const reading = readingOf(syntax, 'm', argument, span)
  const said =
    reading.as === 'itself'
      ? `itself${reading.doubt ? '?' : ''}`
      : reading.as === 'copy'
        ? `copy ${reading.name}`
        : reading.as === 'initialiser'
          ? `initialiser ${syntax.textOf(reading.node)}`
          : 'stale'
  expect(said).toBe(expected)
})

test.each([
  ['class A { constructor() { this.m = 1 } f() { STEP(this.m); HERE() } }', 'fresh'],
  ['class A { g() { this.m = 1 } f() { STEP(this.m); HERE() } }', 'doubtful'],
  ['class A { f() { STEP(this.m); this.m = 1; HERE() } }', 'stale'],
  ['class A { g() { return (this.m ??= 1) } f() { STEP(this.m); HERE() } }', 'fresh'],
  ['function f(a) { STEP(a[0]); a.shift(); HERE() }', 'stale'],
  ['function f(a) { a.push(1); STEP(a[0]); HERE() }', 'fresh'],
  ['function g(a) { a.sort() } function f(a) { STEP(a[0]); HERE() }', 'doubtful'],
])('%s is %s', (text, expected) => {
  const { syntax, argument, span } = spanIn(text, false)
  const doubt = fieldDoubt(syntax, argument, span)
  expect(doubt ? (doubt.sure ? 'stale' : 'doubtful') : 'fresh').toBe(expected)
})
