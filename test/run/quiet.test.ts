import { expect, test } from 'vitest'
import type { Counters } from '../../src/run/counters.ts'
import { QuietWatch } from '../../src/run/quiet.ts'

const nothing: Counters = { at: 0, members: '1:5', cpuMs: 0, bytes: 0, switches: 0 }

/** A reading every second; each gets what the one before it had, and what is added. */
function quietAfter(seconds: number, added: (second: number) => Partial<Counters>): number {
  const watch = new QuietWatch(nothing)
  let now = nothing
  let quiet = 0
  for (let second = 1; second <= seconds; second += 1) {
    const { cpuMs = 0, bytes = 0, switches = 0, members = now.members } = added(second)
    now = {
      at: second * 1000,
      members,
      cpuMs: now.cpuMs + cpuMs,
      bytes: now.bytes + bytes,
      switches: now.switches + switches,
    }
    quiet = watch.observe(now)
  }
  return quiet
}

test('nothing happens: quiet from the first reading on', () => {
  expect(quietAfter(10, () => ({}))).toBe(10_000)
})

test('a housekeeping timer that wakes twice a second counts as quiet, for hours', () => {
  expect(quietAfter(7200, second => ({ switches: 2, cpuMs: second % 7 === 0 ? 10 : 0 }))).toBe(7_200_000)
})

test.each([
  { what: 'processor time', used: { cpuMs: 200 } },
  { what: 'output', used: { bytes: 2000 } },
  { what: 'messages between threads', used: { switches: 500 } },
  { what: 'a new child', used: { members: '1:5,2:9' } },
])('$what is progress, and quiet begins anew after it', ({ used }) => {
  expect(quietAfter(20, second => (second === 15 ? used : {}))).toBe(5000)
})

test('little, but steadily: a slow program is not quiet', () => {
  expect(quietAfter(60, () => ({ cpuMs: 30 }))).toBeLessThan(5000)
  expect(quietAfter(60, () => ({ bytes: 200 }))).toBeLessThan(6000)
})
