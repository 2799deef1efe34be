import { describe, expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import {
  anyOf,
  event,
  type Facts,
  hold,
  loop,
  maybe,
  mutex,
  parkedThreads,
  process,
  produced,
  production,
  snapshot,
  thread,
  units,
  wait,
} from './build.ts'

const abba: Facts = {
  threads: parkedThreads(2),
  resources: [mutex('a'), mutex('b')],
  holds: [hold(0, 'a'), hold(1, 'b')],
  waits: [wait(0, 'b'), wait(1, 'a')],
}

function of(facts: Facts) {
  const diagnosis = diagnose(snapshot(facts))
  return { ...diagnosis, status: diagnosis.verdict.status, kinds: diagnosis.findings.map(({ kind }) => kind) }
}

describe('reentrancy', () => {
  const facts: Facts = {
    threads: parkedThreads(1),
    resources: [mutex('a')],
    holds: [hold(0, 'a')],
    waits: [wait(0, 'a')],
  }

  test('a party that waits for what it holds is proved, with an edge to itself', () => {
    const { status, findings } = of(facts)
    expect(status).toBe('deadlock')
    expect(findings).toMatchObject([{ kind: 'reentrancy', parties: ['p4242/t0'], victims: [] }])
    expect(findings[0]?.cycle).toMatchObject([{ from: 'p4242/t0', to: 'p4242/t0', sure: true }])
  })

  test('needs nothing but that its own thread stayed', () => {
    expect(
      of({ ...facts, threads: [...parkedThreads(1), thread(1, { activity: { kind: 'running' } })] }).status,
    ).toBe('deadlock')
  })

  test('an incomplete list of holders does not matter where one holder has all there is', () => {
    const resources = [mutex('a', 'a', { complete: { unknown: 'worker 3 did not answer' } })]
    expect(of({ ...facts, resources }).status).toBe('deadlock')
  })

  test('of two units, one held: healthy while the other may come back', () => {
    const resources = [mutex('a', 'a', { capacity: 2, complete: { unknown: 'no' } })]
    expect(of({ ...facts, resources })).toMatchObject({ status: 'blocked', findings: [] })
  })

  test('a thread that left its wait between the looks is healthy', () => {
    const [main] = facts.threads!
    const [first, second] = main!.looks
    const moved = { ...main!, looks: [{ ...first!, frames: first!.frames.slice(1) }, second!] }
    expect(of({ ...facts, threads: [moved] }).status).toBe('healthy')
  })

  test('a reader that wants to write behind its own reading', () => {
    const rw = mutex('a', 'a', { kind: 'read-write lock', capacity: 100, free: 99 })
    const read = { mode: 'shared' } as const
    expect(
      of({
        ...facts,
        resources: [rw],
        holds: [hold(0, 'a', read)],
        waits: [wait(0, units('a', 100, 'exclusive'))],
      }),
    ).toMatchObject({ status: 'deadlock', kinds: ['reentrancy'] })
    // The twin: a second shared request on the same stack is met.
    expect(
      of({
        ...facts,
        resources: [rw],
        holds: [hold(0, 'a', read)],
        waits: [wait(0, units('a', 1, 'shared'))],
      }),
    ).toMatchObject({ findings: [] })
  })
})

describe('cycle', () => {
  test('two that wait for each other, main first, in waiting order', () => {
    const { status, findings, threads } = of({ ...abba, waits: abba.waits!.toReversed() })
    expect(status).toBe('deadlock')
    expect(findings).toMatchObject([{ kind: 'cycle', parties: ['p4242/t0', 'p4242/t1'] }])
    expect(findings[0]?.cycle.map(({ from, to, resource }) => [from, resource.id, to])).toEqual([
      ['p4242/t0', 'b', 'p4242/t1'],
      ['p4242/t1', 'a', 'p4242/t0'],
    ])
    expect(threads.map(each => each.status)).toEqual(['deadlock', 'deadlock'])
  })

  test('main idle and two workers deadlocked is still a deadlock', () => {
    const [, one] = parkedThreads(2)
    const [, , two] = parkedThreads(3)
    const { status, threads } = of({
      threads: [thread(0, { activity: loop }), one!, two!],
      resources: abba.resources!,
      holds: [hold(1, 'a'), hold(2, 'b')],
      waits: [wait(1, 'b'), wait(2, 'a')],
    })
    expect(status).toBe('deadlock')
    expect(threads.map(each => each.status)).toEqual(['idle', 'deadlock', 'deadlock'])
  })

  test('those behind the cycle are victims, counted once and never blamed', () => {
    const { findings } = of({
      ...abba,
      threads: parkedThreads(4),
      resources: [mutex('a'), mutex('b'), mutex('c')],
      holds: [hold(0, 'a'), hold(1, 'b'), hold(2, 'c')],
      waits: [...abba.waits!, wait(2, 'a'), wait(3, 'c')],
    })
    expect(findings).toMatchObject([{ parties: ['p4242/t0', 'p4242/t1'], victims: ['p4242/t2', 'p4242/t3'] }])
  })

  test('two separate cycles are two findings, the one with main first', () => {
    const { findings } = of({
      threads: parkedThreads(5),
      resources: ['a', 'b', 'c', 'd'].map(id => mutex(id)),
      holds: [hold(3, 'a'), hold(4, 'b'), hold(0, 'c'), hold(1, 'd')],
      waits: [wait(3, 'b'), wait(4, 'a'), wait(0, 'd'), wait(1, 'c')],
    })
    expect(findings.map(({ parties }) => parties)).toEqual([
      ['p4242/t0', 'p4242/t1'],
      ['p4242/t3', 'p4242/t4'],
    ])
  })

  test('two readers that both want to write wait for each other', () => {
    const { findings } = of({
      threads: parkedThreads(2),
      resources: [mutex('a', 'a', { kind: 'read-write lock', capacity: 100, free: 98 })],
      holds: [hold(0, 'a', { mode: 'shared' }), hold(1, 'a', { mode: 'shared' })],
      waits: [0, 1].map(who => wait(who, units('a', 100, 'exclusive'))),
    })
    expect(findings).toMatchObject([{ kind: 'cycle', status: 'deadlock', parties: ['p4242/t0', 'p4242/t1'] }])
    expect(findings[0]?.cycle).toHaveLength(2)
  })
})

describe('a consistent cut', () => {
  const shifted = (from: number, to: number) =>
    parkedThreads(2).map((each, at) => (at === 1 ? { ...each, undisturbed: { from, to } } : each))

  test('intervals that do not meet leave a suspicion', () => {
    expect(of({ ...abba, threads: shifted(60, 90) })).toMatchObject({ status: 'suspected' })
    expect(of({ ...abba, threads: shifted(40, 90) })).toMatchObject({ status: 'deadlock' })
  })

  test('without an interval no more than suspected, and the doubt says which thread', () => {
    const [main, { undisturbed: _, ...worker }] = parkedThreads(2) as [never, ReturnType<typeof thread>]
    const { status, findings } = of({ ...abba, threads: [main, worker] })
    expect(status).toBe('suspected')
    expect(findings[0]?.doubts.join()).toMatch(/worker 1/)
  })

  test('one look is no more than suspected', () => {
    const threads = parkedThreads(2).map(({ undisturbed: _, ...each }) => ({
      ...each,
      looks: each.looks.slice(0, 1),
    }))
    expect(of({ ...abba, threads, looks: 1 })).toMatchObject({ status: 'suspected' })
  })

  test('another stack in the second look is progress, whatever the facts say', () => {
    const threads = parkedThreads(2)
    const [first, second] = threads[1]!.looks
    const moved = { ...threads[1]!, looks: [{ ...first!, frames: first!.frames.slice(1) }, second!] }
    expect(of({ ...abba, threads: [threads[0]!, moved] })).toMatchObject({ status: 'blocked', findings: [] })
  })
})

describe('suspicion', () => {
  test('one maybe-hold makes a cycle suspected and names the edge', () => {
    const { status, findings } = of({ ...abba, holds: [hold(0, 'a'), maybe(1, 'b')] })
    expect(status).toBe('suspected')
    expect(findings).toMatchObject([
      { kind: 'cycle', doubts: ['It is not sure that worker 1 holds b: the acquisition is in a branch.'] },
    ])
    expect(findings[0]?.cycle.map(edge => edge.sure)).toEqual([false, true])
  })

  test('an unsure wait likewise', () => {
    const { findings } = of({ ...abba, waits: [wait(0, 'b'), wait(1, 'a', { sure: false, doubt: 'stale' })] })
    expect(findings[0]?.doubts).toEqual(['It is not sure what worker 1 waits for: stale.'])
  })

  test('two maybe-holders, one of them live: healthy', () => {
    const threads = [...parkedThreads(2), thread(2, { activity: loop })]
    expect(of({ ...abba, threads, holds: [hold(0, 'a'), maybe(1, 'b'), maybe(2, 'b')] }).findings).toEqual([])
  })

  test('behind a proved deadlock by an unsure edge: suspected, as its victim', () => {
    const { threads, findings } = of({
      ...abba,
      threads: parkedThreads(3),
      resources: [mutex('a'), mutex('b'), mutex('c')],
      holds: [...abba.holds!, maybe(0, 'c')],
      waits: [...abba.waits!, wait(2, 'c')],
    })
    expect(threads.map(each => each.status)).toEqual(['deadlock', 'deadlock', 'suspected'])
    expect(findings).toMatchObject([{ status: 'deadlock', victims: ['p4242/t2'] }])
  })
})

describe('exhaustion', () => {
  const pool = mutex('s', 'connections', { kind: 'semaphore', capacity: 2 })
  const facts: Facts = {
    threads: parkedThreads(2),
    resources: [pool],
    holds: [hold(0, 's'), hold(1, 's')],
    waits: [wait(0, 's'), wait(1, 's')],
  }

  test('all units held by those that wait for one more', () => {
    expect(of(facts)).toMatchObject({ status: 'deadlock', kinds: ['exhaustion'] })
  })

  test('healthy when the number of units is unknown', () => {
    expect(of({ ...facts, resources: [{ ...pool, capacity: { unknown: 'x' } }] }).findings).toEqual([])
  })

  test('healthy when a unit is unaccounted for, or its holder is live', () => {
    const three = { ...pool, capacity: 3, complete: { unknown: 'x' } }
    expect(of({ ...facts, resources: [three] }).findings).toEqual([])
    const live = [...facts.holds!, hold(2, 's')]
    expect(
      of({
        ...facts,
        resources: [{ ...pool, capacity: 3 }],
        holds: live,
        threads: [...parkedThreads(2), thread(2)],
      }).findings,
    ).toEqual([])
  })

  test('one live holder is not enough for a request of two', () => {
    const resources = [{ ...pool, capacity: 3 }]
    const threads = [...parkedThreads(2), thread(2)]
    const holds = [...facts.holds!, hold(2, 's')]
    const waits = [wait(0, units('s', 2)), wait(1, units('s', 2))]
    expect(of({ ...facts, resources, threads, holds, waits }).status).toBe('deadlock')
  })
})

describe('stranded', () => {
  const facts: Facts = {
    threads: [thread(0, { activity: loop }), parkedThreads(2)[1]!],
    resources: [event('m', 'a message from worker 1'), event('e', 'job slot')],
    productions: [production(1, 'm'), production(0, 'e')],
    waits: [wait(0, produced('m')), wait(1, produced('e'))],
  }

  test('a loop and a parked worker that wait for each other', () => {
    expect(of(facts)).toMatchObject({ status: 'deadlock', kinds: ['stranded'] })
  })

  test('healthy with anything that can come from outside', () => {
    const waits = [
      wait(0, anyOf(produced('m'), { kind: 'outside', what: 'a connection' })),
      wait(1, produced('e')),
    ]
    expect(of({ ...facts, waits })).toMatchObject({ status: 'idle', findings: [] })
  })

  test('healthy with a list that is not complete', () => {
    const resources = [
      { ...facts.resources![0]!, complete: { unknown: 'handles were not read' } },
      facts.resources![1]!,
    ]
    expect(of({ ...facts, resources }).status).toBe('idle')
  })
})

test('a cycle through two processes is cross-process', () => {
  const other = parkedThreads(1).map(each => ({ ...each, id: 'p4711/t0' }))
  const { status, findings } = of({
    processes: [process(parkedThreads(1)), process(other, 4711)],
    resources: [mutex('a'), mutex('b')],
    holds: [hold(0, 'a'), hold('p4711/t0', 'b')],
    waits: [wait(0, 'b'), wait('p4711/t0', 'a')],
  })
  expect(status).toBe('deadlock')
  expect(findings).toMatchObject([
    { kind: 'cross-process', title: 'processes 4242 and 4711 wait for each other' },
  ])
})
