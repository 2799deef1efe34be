/**
 * The graph reduction at 100 000 parties with 300 000 edges, and at ten times that; @dagrejs/graphlib's tarjan beside
 * it on a size that it survives. Needs `npm run build`; `node test/bench/graph.js`.
 */
import { alg, Graph } from '@dagrejs/graphlib'
import { blockedGraph, terminalComponents } from '../../dist/diagnosis/blocked-graph.js'
import { diagnose } from '../../dist/diagnosis/diagnose.js'
import { reduce } from '../../dist/diagnosis/liveness.js'
import { buildGraph } from '../../dist/diagnosis/waits-for-graph.js'

const unknown = { unknown: 'not given' }
const shared = { sure: true, how: 'observed', evidence: 'made for the bench' }

function lock(id) {
  const common = {
    sort: 'reusable',
    kind: 'mutex',
    aliases: [],
    process: 'p1',
    capacity: 1,
    free: 0,
    complete: true,
  }
  return { id: `r${id}`, label: `r${id}`, ...common }
}

/** Party n waits for all of three locks: that of the next party, which makes one ring, and two more. */
function ring(parties) {
  const ids = Array.from({ length: parties }, (_, id) => id)
  const ask = id => ({ kind: 'units', resource: `r${id % parties}`, units: 1 })
  return {
    resources: ids.map(lock),
    holds: ids.map(id => ({
      party: `x${id}`,
      resource: `r${id}`,
      units: 1,
      at: unknown,
      acquiredAt: unknown,
      ...shared,
    })),
    waits: ids.map(id => ({
      party: `x${id}`,
      request: { kind: 'allOf', requests: [ask(id + 1), ask(id * 7 + 3), ask(id * 31 + 11)] },
      call: '',
      at: unknown,
      ...shared,
    })),
  }
}

/** The same, but the last party waits for nothing: all of them can go on, one after the other. */
function line(parties) {
  const { resources, holds, waits } = ring(parties)
  const ask = id => ({ kind: 'units', resource: `r${id}`, units: 1 })
  const towardsTheEnd = waits.slice(0, -1).map((wait, id) => ({
    ...wait,
    request: { kind: 'allOf', requests: [1, 2, 3].map(step => ask(Math.min(id + step, parties - 1))) },
  }))
  return { resources, holds, waits: towardsTheEnd }
}

/** Pairs that wait for each other: many small sets. */
function pairs(parties) {
  const { resources, holds, waits } = ring(parties)
  return {
    resources,
    holds,
    waits: waits.map((wait, id) => ({
      ...wait,
      request: { kind: 'units', resource: `r${id ^ 1}`, units: 1 },
    })),
  }
}

function snapshot(facts) {
  return { processes: [], productions: [], looks: 2, ...facts }
}

function timed(text, work) {
  const start = performance.now()
  const result = work()
  console.log(`${text.padEnd(60)} ${(performance.now() - start).toFixed(0).padStart(7)} ms   ${result}`)
}

const count = n => n.toLocaleString('en').replaceAll(',', ' ')
const most = process.argv.includes('--small') ? [100_000] : [100_000, 1_000_000]
for (const parties of most) {
  for (const [name, facts] of Object.entries({ ring, line, pairs })) {
    const input = snapshot(facts(parties))
    timed(`the reduction alone, ${name} of ${count(parties)} parties`, () => {
      const graph = buildGraph(input)
      const left = blockedGraph(
        graph,
        reduce(graph, 'proof', () => false),
      )
      return `${count([...terminalComponents(left)].length)} closed sets`
    })
    timed(`impasse, ${name} of ${count(parties)} parties`, () => {
      const { findings } = diagnose(input)
      return `${count(findings.length)} findings, the first of ${count(findings[0]?.parties.length ?? 0)}`
    })
  }
}

for (const parties of [2_000, 100_000]) {
  const graph = new Graph()
  for (let id = 0; id < parties; id++) {
    for (const to of [id + 1, id * 7 + 3, id * 31 + 11]) graph.setEdge(`x${id}`, `x${to % parties}`)
  }
  const facts = snapshot(ring(parties))
  timed(`impasse, ring of ${count(parties)} parties`, () => `${diagnose(facts).findings.length} finding`)
  timed(`graphlib tarjan, the same graph`, () => {
    try {
      return `${alg.tarjan(graph).length} component`
    } catch (error) {
      return error.message
    }
  })
}
