import { describe, expect, test } from 'vitest'
import { type NamedLock, type WebLockThread, webLockFacts } from '../../src/locks/web-locks.ts'

const lock = (name: string, mode: NamedLock['mode'] = 'exclusive'): NamedLock => ({ name, mode })

function thread(number: number, held: NamedLock[], pending: NamedLock[], more: Partial<WebLockThread> = {}) {
  return { party: `p1/t${number}`, parked: false, answered: true, uses: true, held, pending, ...more }
}

const silent = { answered: false, parked: true }

describe('the facts of Web Locks', () => {
  test('are nothing where nobody waits', () => {
    expect(webLockFacts('p1', [thread(0, [lock('A')], [])], true)).toEqual({
      resources: [],
      holds: [],
      productions: [],
      waits: [],
    })
  })

  test('readers share, a writer needs all', () => {
    const facts = webLockFacts(
      'p1',
      [thread(0, [lock('A', 'shared')], []), thread(1, [lock('A', 'shared')], [lock('A')])],
      true,
    )
    const [resource] = facts.resources
    expect(facts.holds.map(({ units, mode }) => [units, mode])).toEqual([
      [1, 'shared'],
      [1, 'shared'],
    ])
    expect(facts.waits.map(({ request }) => request)).toEqual([
      { kind: 'units', resource: resource?.id, units: resource?.capacity, mode: 'exclusive' },
    ])
  })

  test('a thread that holds nothing waits for sure, one that holds another lock perhaps does so for its sake', () => {
    const facts = webLockFacts(
      'p1',
      [thread(0, [lock('A')], [lock('B')]), thread(1, [lock('B')], []), thread(2, [], [lock('A')])],
      true,
    )
    expect(facts.waits.map(({ party, sure }) => [party, sure])).toEqual([
      ['p1/t0/a1', false],
      ['p1/t2/a2', true],
    ])
  })

  test('where something can come from outside, a queue behind a lock of its own thread is a queue', () => {
    const facts = webLockFacts('p1', [thread(0, [lock('A')], [lock('A'), lock('A')])], false)
    expect(facts.holds.map(({ party }) => party)).toEqual(['p1/t0/a1'])
    expect(facts.waits.map(({ party, sure }) => [party, sure])).toEqual([['p1/t0/a2', true]])
  })

  test('the only thread that did not answer holds what nobody else holds, and needs its loop to give it back', () => {
    const facts = webLockFacts('p1', [thread(0, [], [lock('A')]), thread(1, [], [], silent)], true)
    expect(facts.holds.map(({ party, resource, sure }) => [party, resource, sure])).toEqual([
      ['p1/t1/a1', 'p1/web lock A', true],
      ['p1/t1', 'p1/loop p1/t1', true],
    ])
    expect(facts.waits.at(-1)).toMatchObject({
      party: 'p1/t1/a1',
      request: { kind: 'units', resource: 'p1/loop p1/t1' },
    })
  })

  test('of several silent threads none is named, unless all but one never used such locks', () => {
    const waiting = thread(0, [], [lock('A')])
    const two = [waiting, thread(1, [], [], silent), thread(2, [], [], silent)]
    const facts = webLockFacts('p1', two, true)
    expect(facts.holds).toEqual([])
    expect(facts.resources[0]?.complete).not.toBe(true)
    const one = [waiting, thread(1, [], [], silent), thread(2, [], [], { ...silent, uses: false })]
    expect(webLockFacts('p1', one, true).holds.map(({ party }) => party)).toContain('p1/t1/a1')
  })
})
