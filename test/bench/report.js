// A saved snapshot as a report: 2 000 threads with 50 frames each, and the reading of a file of 100 MB.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diagnose, readSnapshot, render } from '../../dist/index.js'

const unknown = { unknown: 'not looked at' }

function frame(thread, at) {
  return {
    function: `step${at}`,
    class: at % 3 === 0 ? `Stage${thread % 40}` : null,
    file: `/srv/app/src/stage-${(thread + at) % 60}.js`,
    line: at + 1,
    column: 3,
    kind: 'js',
    owner: at % 5 === 0 ? 'dependency' : 'program',
    seenBy: 'inspector',
    confidence: 1,
    sourceLine: `return this.step${at + 1}(job, { deadline })`,
  }
}

/** A ring of two threads in a deadlock; each of the others waits behind one of them. */
function snapshotOf(threads, frames) {
  const id = number => `p1/t${number}`
  const stacks = Array.from({ length: threads }, (_, thread) =>
    Array.from({ length: frames }, (_, at) => frame(thread, at)),
  )
  const look = (thread, at) => ({
    at,
    activity: { kind: 'parked', in: 'Atomics.wait(cell, 0, 1)', timeoutMs: null },
    frames: stacks[thread],
    kernel: unknown,
  })
  const waitsFor = number => (number === 0 ? 'r2' : number === 1 ? 'r1' : `r${(number % 2) + 1}`)
  return {
    format: 'impasse-snapshot',
    version: 2,
    tool: { name: 'impasse', version: 'bench' },
    host: { name: 'bench', platform: 'linux', arch: 'x64', kernel: '6' },
    capturedAt: '2026-01-01T00:00:00.000Z',
    looks: 2,
    cost: { wallMs: 1, pausedWaves: 1 },
    processes: [
      {
        id: 'p1',
        pid: 1,
        startTicks: 1,
        startedAt: '2026-01-01T00:00:00.000Z',
        argv: ['node', 'main.js'],
        execArgv: [],
        executable: '/usr/bin/node',
        cwd: '/srv/app',
        uid: 0,
        runtime: { name: 'node', version: 'v24.0.0', v8: '13', arch: 'x64' },
        inspector: { access: 'opened', port: 1 },
        pausedMs: 1,
        connections: [],
        threads: Array.from({ length: threads }, (_, number) => ({
          id: id(number),
          tid: number + 1,
          threadId: number,
          name: number === 0 ? 'main' : `stage ${number}`,
          role: number === 0 ? 'main' : 'worker',
          seenBy: ['inspector'],
          looks: [look(number, 1), look(number, 40)],
          undisturbed: { from: 0, to: 41 },
        })),
        gaps: [],
      },
    ],
    resources: ['r1', 'r2'].map(resource => ({
      id: resource,
      sort: 'reusable',
      kind: 'mutex',
      label: `lock ${resource}`,
      aliases: [],
      process: 'p1',
      capacity: 1,
      free: 0,
      complete: true,
    })),
    holds: [0, 1].map(number => ({
      party: id(number),
      resource: `r${number + 1}`,
      units: 1,
      at: stacks[number][5],
      frame: 5,
      acquiredAt: { file: '/srv/app/src/stage-1.js', line: 1, column: 1 },
      sure: true,
      how: 'inferred',
      evidence: 'bench',
    })),
    productions: [],
    waits: stacks.map((stack, number) => ({
      party: id(number),
      request: { kind: 'units', resource: waitsFor(number), units: 1 },
      call: 'Atomics.wait(cell, 0, 1)',
      at: stack[1],
      frame: 1,
      sure: true,
      how: 'observed',
      evidence: 'bench',
    })),
  }
}

async function timed(act) {
  const begun = performance.now()
  const result = await act()
  return { ms: performance.now() - begun, result }
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-bench-'))
  try {
    const big = snapshotOf(2000, 50)
    const rounds = { diagnose: [], text: [], html: [] }
    let page = ''
    for (let round = 0; round < 3; round += 1) {
      const { ms, result: diagnosis } = await timed(() => diagnose(big))
      rounds.diagnose.push(ms)
      rounds.text.push((await timed(() => render(big, diagnosis, 'text'))).ms)
      const html = await timed(() => render(big, diagnosis, 'html'))
      rounds.html.push(html.ms)
      page = html.result
    }
    const [first] = rounds.diagnose.map((ms, at) => ms + rounds.text[at])
    console.log(
      `2 000 threads with 50 frames: diagnose ${median(rounds.diagnose).toFixed(0)} ms, text ${median(rounds.text).toFixed(0)} ms (first time both ${first.toFixed(0)} ms; aim 1000)`,
    )
    console.log(
      `  HTML ${median(rounds.html).toFixed(0)} ms, first time ${rounds.html[0].toFixed(0)} ms (aim 3000), ${(page.length / 1e6).toFixed(2)} MB (aim 5)`,
    )

    const file = join(folder, 'huge.json')
    writeFileSync(file, JSON.stringify(snapshotOf(2500, 95)))
    const megabytes = statSync(file).size / 1e6
    const ratios = []
    for (let round = 0; round < 3; round += 1) {
      const parsed = await timed(() => JSON.parse(readFileSync(file, 'utf8')))
      const read = await timed(() => readSnapshot(file))
      ratios.push(read.ms / parsed.ms)
      console.log(
        `  ${megabytes.toFixed(0)} MB: JSON.parse ${parsed.ms.toFixed(0)} ms, read and validated ${read.ms.toFixed(0)} ms`,
      )
    }
    console.log(`reading and validating against JSON.parse: ${median(ratios).toFixed(2)} × (aim 5)`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
