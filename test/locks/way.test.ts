/** Rules C: is STEP() on the way to HERE()? */
import { expect, test } from 'vitest'
import { runsBefore, wayTo } from '../../src/locks/atomics/way.ts'
import { parseScript, type Syntax } from '../../src/sources/syntax.ts'

function find(syntax: Syntax, name: string) {
  return syntax.callAt(syntax.text.indexOf(`${name}(`)).call!
}

function wayIn(body: string): string {
  const syntax = parseScript(`function f() { ${body} }`) as Syntax
  const step = find(syntax, 'STEP')
  const ends = !body.includes('HERE')
  const here = ends ? 'end' : find(syntax, 'HERE')
  if (here !== 'end' && !runsBefore(syntax, step, here)) return 'later'
  const way = wayTo(syntax, syntax.functions[0]!, step, here)
  if (way === 'no') return 'no'
  const conditions = way.conditions.map(one =>
    one.test ? `${one.truthy ? '' : '!'}${syntax.textOf(one.test)}` : one.why,
  )
  return [...conditions, ...way.finished.map(() => 'loop')].join(' & ') || 'yes'
}

test.each([
  ['STEP(); HERE()', 'yes'],
  ['HERE(); STEP()', 'later'],
  ['HERE(STEP())', 'yes'],
  ['STEP(HERE())', 'later'],
  ['if (a) STEP(); HERE()', 'a'],
  ['if (!a) STEP(); HERE()', '!a'],
  ['if (a) STEP(); else HERE()', 'no'],
  ['if (a) { STEP(); HERE() }', 'yes'],
  ['if (a) { STEP(); return } HERE()', 'no'],
  ['if (a) { STEP(); throw b } HERE()', 'no'],
  ['if (a) { if (b) STEP(); return } HERE()', 'no'],
  ['if (STEP()) return; HERE()', 'yes'],
  ['a && STEP(); HERE()', 'a'],
  ['a || STEP(); HERE()', '!a'],
  ['a ? STEP() : 0; HERE()', 'a'],
  ['try { STEP() } finally { x() } HERE()', 'yes'],
  ['try { STEP() } catch { x() } HERE()', 'a `try` whose exception is caught'],
  ['try { STEP() } catch { throw x } HERE()', 'yes'],
  ['try { x() } catch { STEP() } HERE()', 'a `catch`'],
  ['try { STEP(); return 1 } finally { HERE() }', 'yes'],
  ['switch (a) { case 1: STEP(); break; case 2: HERE() }', 'no'],
  ['switch (a) { case 1: STEP() } HERE()', 'a `case` of a `switch`'],
  ['while (a) STEP(); HERE()', 'loop'],
  ['while (a) { if (b) continue; STEP() } HERE()', '!b & loop'],
  ['while (a) { STEP(); if (b) { continue } HERE() }', 'yes'],
  ['while (a) { if (b) { STEP(); continue } HERE() }', 'no'],
  ['while (a) { if (b) { STEP(); break } } HERE()', 'b & loop'],
  ['for (;; STEP()) HERE()', 'later'],
  ['for (;; HERE()) STEP()', 'yes'],
  ['for (STEP();;) HERE()', 'yes'],
  ['if (a) return; STEP()', '!a'],
  ['if (a) throw x; STEP()', 'yes'],
  ['STEP(); if (a) return', 'yes'],
  ['if (a) { STEP(); return }', 'a'],
  ['if (a) { STEP(); throw b }', 'no'],
  ['if (a) { if (b) return } STEP()', 'an early exit'],
])('%s', (body, way) => {
  expect(wayIn(body)).toBe(way)
})
