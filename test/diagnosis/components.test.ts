/** Components and cycles against @dagrejs/graphlib, and on sizes that it does not survive. */
import { alg, Graph } from '@dagrejs/graphlib'
import { describe, expect, test } from 'vitest'
import { findComponents } from '../../src/diagnosis/components.ts'
import { packRows } from '../../src/diagnosis/compressed-rows.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { shortestCycle } from '../../src/diagnosis/shortest-cycle.ts'
import { event, hold, mutex, produced, production, snapshot, wait } from './build.ts'
import { seeded } from './random.ts'

function randomEdges(seed: number) {
  const random = seeded(seed)
  const nodes = 1 + random(12)
  const edges = Array.from({ length: random(24) }, () => [random(nodes), random(nodes)] as const)
  return { nodes, edges }
}

const sorted = (sets: readonly (readonly number[])[]) =>
  sets.map(set => [...set].sort((a, b) => a - b)).sort((a, b) => a[0]! - b[0]!)

test('components are those of graphlib on 2000 random graphs', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const { nodes, edges } = randomEdges(seed)
    const oracle = new Graph()
    for (let node = 0; node < nodes; node++) oracle.setNode(String(node))
    for (const [from, to] of edges) oracle.setEdge(String(from), String(to))
    const { of, count } = findComponents(
      packRows(
        nodes,
        edges.map(edge => edge[0]),
        edges.map(edge => edge[1]),
      ),
    )
    const ours = Array.from({ length: count }, (_, number) =>
      [...of.keys()].filter(node => of[node] === number),
    )
    expect(sorted(ours), `seed ${seed}`).toEqual(sorted(alg.tarjan(oracle).map(set => set.map(Number))))
  }
})

/** Locks with one holder each: party n waits for the party that its edge leads to, by a resource of its own. */
test('deadlocked sets are the cycles of graphlib when each waits for one', () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const random = seeded(seed)
    const nodes = 1 + random(8)
    const next = Array.from({ length: nodes }, () => (random(4) === 0 ? undefined : random(nodes)))
    const oracle = new Graph()
    next.forEach((to, from) => {
      oracle.setNode(String(from))
      if (to !== undefined) oracle.setEdge(String(from), String(to))
    })
    const { findings } = diagnose(
      snapshot({
        resources: next.map((_, at) => mutex(`r${at}`)),
        holds: next.map((_, at) => hold(`x${at}`, `r${at}`)),
        waits: next.flatMap((to, at) => (to === undefined ? [] : [wait(`x${at}`, `r${to}`)])),
      }),
    )
    const ours = sorted(findings.map(({ parties }) => parties.map(party => Number(party.slice(1)))))
    expect(ours, `seed ${seed}`).toEqual(sorted(alg.findCycles(oracle).map(cycle => cycle.map(Number))))
    for (const { cycle, parties } of findings) {
      expect(cycle.map(({ from }) => from)).toEqual(parties)
      for (const [at, { to }] of cycle.entries()) expect(to).toBe(cycle[(at + 1) % cycle.length]!.from)
    }
  }
})

describe('the shortest cycle', () => {
  /** Parties 0 … 3, resources from 10 on. */
  const graph = (...edges: [number, number][]) =>
    packRows(
      20,
      edges.map(edge => edge[0]),
      edges.map(edge => edge[1]),
    )
  const find = (edges: [number, number][], start: number, alone = false) =>
    shortestCycle(graph(...edges), start, { within: () => true, alone })

  test('takes the short way round', () => {
    const edges: [number, number][] = [
      [0, 10],
      [10, 1],
      [1, 11],
      [11, 2],
      [2, 12],
      [12, 0],
      [1, 13],
      [13, 0],
    ]
    expect(find(edges, 0)).toEqual([0, 10, 1, 13])
  })

  test('counts a party behind itself only when it is alone', () => {
    const edges: [number, number][] = [
      [0, 10],
      [10, 0],
      [10, 1],
      [1, 10],
    ]
    expect(find(edges, 0)).toEqual([0, 10, 1, 10])
    expect(find(edges, 0, true)).toEqual([0, 10])
    expect(
      find(
        [
          [0, 10],
          [10, 1],
        ],
        0,
      ),
    ).toBeUndefined()
  })
})

describe('100 000 parties', () => {
  const size = 100_000
  const ids = Array.from({ length: size }, (_, at) => at)
  const resources = ids.map(at => mutex(`r${at}`))
  const holds = ids.map(at => hold(`x${at}`, `r${at}`))

  test('in one ring are one cycle', () => {
    const waits = ids.map(at => wait(`x${at}`, `r${(at + 1) % size}`))
    const { findings } = diagnose(snapshot({ resources, holds, waits }))
    expect(findings.map(({ parties, cycle }) => [parties.length, cycle.length])).toEqual([[size, size]])
  })

  test('in one line behind a live one are no finding', () => {
    const waits = ids.slice(1).map(at => wait(`x${at}`, `r${at - 1}`))
    expect(diagnose(snapshot({ resources, holds, waits })).findings).toEqual([])
  })

  test('that all may wake each other are one stranded set', () => {
    const waits = ids.map(at => wait(`x${at}`, produced('e')))
    const productions = ids.map(at => production(`x${at}`, 'e'))
    const { findings } = diagnose(snapshot({ resources: [event('e')], productions, waits }))
    expect(findings.map(({ kind, parties }) => [kind, parties.length])).toEqual([['stranded', size]])
  })
})
