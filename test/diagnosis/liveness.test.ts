/** The reduction against a model that tries every subset of the parties. */
import { expect, test } from 'vitest'
import type { Pass } from '../../src/diagnosis/availability.ts'
import { reduce } from '../../src/diagnosis/liveness.ts'
import { buildGraph } from '../../src/diagnosis/waits-for-graph.ts'
import type { Request } from '../../src/snapshot/model.ts'
import {
  allOf,
  anyOf,
  deadline,
  event,
  type Facts,
  hold,
  mutex,
  outside,
  produced,
  snapshot,
  units,
  wait,
} from './build.ts'
import { randomFacts, seeded } from './random.ts'

/**
 * Stuck is the union of all sets whose members could not go on even if everybody else did. The reduction starts from
 * nobody and adds the live; this starts from every subset and asks whether it holds.
 */
function stuckByModel(parties: readonly string[], facts: Facts, pass: Pass): Set<string> {
  const stuck = new Set<string>()
  for (let bits = 1; bits < 1 << parties.length; bits++) {
    const set = parties.filter((_, at) => bits & (1 << at))
    if (set.every(party => isStuck(party, set))) for (const party of set) stuck.add(party)
  }
  return stuck

  function isStuck(party: string, set: readonly string[]): boolean {
    const own = facts.waits!.filter(wait => wait.party === party)
    if (own.length === 0 || (pass === 'proof' && own.some(wait => !wait.sure))) return false
    return own.every(({ request }) => request.kind !== 'deadline' && !canBeMet(request, set))
  }

  function canBeMet(request: Request, set: readonly string[]): boolean {
    if (request.kind === 'outside') return true
    if (request.kind === 'deadline') return request.leaves
    if (request.kind === 'allOf' || request.kind === 'anyOf') {
      if (request.requests.length === 0) return true
      return request.kind === 'allOf'
        ? request.requests.every(part => canBeMet(part, set))
        : request.requests.some(part => canBeMet(part, set))
    }
    const resource = facts.resources!.find(({ id }) => id === request.resource)!
    const givers = (request.kind === 'produced' ? facts.productions! : facts.holds!).filter(
      each => each.resource === resource.id,
    )
    if (pass === 'proof' && (givers.length === 0 || givers.some(each => !each.sure))) return true
    if (request.kind === 'produced') {
      const there = typeof resource.free === 'number' && resource.free > 0
      return there || resource.complete !== true || givers.some(each => !set.includes(each.party))
    }
    const holds = facts.holds!.filter(each => each.resource === resource.id)
    const inTheWay = holds.filter(each => set.includes(each.party))
    const gone = holds.length === 0 && resource.complete === true && resource.free === 0
    if (request.mode === 'exclusive') return inTheWay.length === 0 && !gone
    if (request.mode === 'shared') return !inTheWay.some(each => each.mode === 'exclusive') && !gone
    if (typeof resource.capacity !== 'number') return true
    const kept = inTheWay.reduce((sum, each) => sum + each.units, 0)
    const held = holds.reduce((sum, each) => sum + each.units, 0)
    const lost =
      pass === 'suspicion' && resource.complete === true && typeof resource.free === 'number'
        ? resource.capacity - resource.free - held
        : 0
    return resource.capacity - kept - lost >= request.units
  }
}

function stuckByReduction(facts: Facts, pass: Pass): Set<string> {
  const graph = buildGraph(snapshot(facts))
  const { live } = reduce(graph, pass, () => false)
  return new Set(graph.parties.filter((_, party) => !live[party]))
}

test.each(['proof', 'suspicion'] as const)('%s agrees with the model on 6000 random graphs', pass => {
  let stuck = 0
  for (let seed = 1; seed <= 6000; seed++) {
    const { parties, ...facts } = randomFacts(seeded(seed))
    const expected = stuckByModel(parties, facts, pass)
    expect(stuckByReduction(facts, pass), `seed ${seed}`).toEqual(expected)
    if (expected.size > 0) stuck++
  }
  // Neither all nor none: the graphs are worth something.
  expect(stuck).toBeGreaterThan(300)
  expect(stuck).toBeLessThan(5700)
})

test('what is proved is also suspected', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const { parties: _, ...facts } = randomFacts(seeded(seed))
    const suspected = stuckByReduction(facts, 'suspicion')
    for (const party of stuckByReduction(facts, 'proof')) expect(suspected).toContain(party)
  }
})

const held: Facts = { resources: [mutex('a'), event('e')], holds: [hold('x', 'a')], productions: [] }
const self = (request: Request) => stuckByReduction({ ...held, waits: [wait('x', request)] }, 'proof').size

test.each([
  ['the lock alone', units('a'), 1],
  ['the lock or a deadline that leaves', anyOf(units('a'), deadline(true)), 0],
  ['the lock or the next try', anyOf(units('a'), deadline(false)), 1],
  ['the lock or something from outside', anyOf(units('a'), outside), 0],
  ['the lock and something from outside', allOf(outside, units('a')), 1],
  ['nothing but the next try', deadline(false), 0],
  ['an event that nobody brings: no proof', produced('e'), 0],
  ['a resource that the snapshot does not hold', units('z'), 0],
  ['all of nothing', allOf(), 0],
  ['any of nothing', anyOf(), 0],
])('%s', (_, request, stuck) => {
  expect(self(request)).toBe(stuck)
})

test('a request of great depth does not overflow', () => {
  let request = units('a')
  for (let depth = 0; depth < 50_000; depth++) request = depth % 2 ? allOf(request) : anyOf(request)
  expect(self(request)).toBe(1)
})
