/** Processes that wait for each other: by pipes, sockets, file locks and ends of children. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { descendantsOf } from '../../src/process/children.ts'
import { readStat } from '../../src/process/stat.ts'
import { readStatus } from '../../src/process/status.ts'
import { renderText } from '../../src/report/text.ts'
import { fixturePath, startFixture } from '../support/spawn-fixture.ts'

const hasSs = (() => {
  try {
    execFileSync('ss', ['-V'])
    return true
  } catch {
    return false
  }
})()

async function looked(program: string, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'between-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  // Each takes a port of its own: that of the default may be somebody else's.
  const env = { TMPDIR: folder, NODE_OPTIONS: '--inspect-port=0' }
  const { pid } = await startFixture(`processes/${program}`, { args, env })
  const pids = await settled(pid)
  const snapshot = await capture(pids, { others: true, timeoutMs: 15_000 })
  return { snapshot, diagnosis: diagnose(snapshot), pids }
}

/** The process and its descendants, once all of them have slept through a while, or never do. */
async function settled(pid: number): Promise<readonly number[]> {
  for (let tries = 1; ; tries += 1) {
    const before = standing(pid)
    await setTimeout(200)
    const now = standing(pid)
    if (tries === 10 || (now.asleep && before.counts === now.counts)) return now.pids
  }
}

function standing(pid: number) {
  const pids = [pid, ...descendantsOf(pid).map(child => child.pid)]
  const all = pids.map(one => ({ pid: one, stat: readStat(one), status: readStatus(one) }))
  return {
    pids,
    asleep: all.every(({ stat }) => stat?.state === 'S'),
    counts: all.map(({ pid: one, status }) => `${one} ${status?.voluntarySwitches}`).join(),
  }
}

/** The line of a fixture that has this text. */
function lineOf(program: string, text: string): number {
  const lines = readFileSync(fixturePath(`processes/${program}`), 'utf8').split('\n')
  return lines.findIndex(line => line.includes(text)) + 1
}

test.each([
  {
    mode: 'read',
    function: 'receive',
    text: 'readSync(fd',
    label: /^data from .*to-first \(deleted\) \(fd \d+\)$/,
  },
  {
    mode: 'write',
    function: 'fill',
    text: 'writeSync(fd, line)',
    label: /^room in .*to-second \(deleted\) \(fd \d+\)$/,
  },
])(
  'two processes that both $mode on pipes only they have are a deadlock',
  async ({ mode, text, label, ...at }) => {
    const { diagnosis, pids } = await looked('pipes-to-each-other.mjs', [mode])
    const [finding, second] = diagnosis.findings
    expect(second).toBeUndefined()
    expect(finding).toMatchObject({
      kind: 'cross-process',
      status: 'deadlock',
      title: `processes ${pids[0]} and ${pids[1]} wait for each other`,
      parties: [`p${pids[0]}/t0`, `p${pids[1]}/t0`],
      victims: [],
    })
    expect(finding!.cycle.map(({ from, to }) => [from, to])).toEqual([
      [`p${pids[0]}/t0`, `p${pids[1]}/t0`],
      [`p${pids[1]}/t0`, `p${pids[0]}/t0`],
    ])
    expect(finding!.cycle[0]!.resource.label).toMatch(label)
    for (const { wait } of finding!.cycle)
      expect(wait.at).toMatchObject({ ...at, line: lineOf('pipes-to-each-other.mjs', text) })
    expect(diagnosis.processes.map(({ status }) => status)).toEqual(['deadlock', 'deadlock'])
  },
)

test('pipes that have a name may be opened by anybody: that much is suspected', async () => {
  const { diagnosis } = await looked('pipes-to-each-other.mjs', ['named'])
  expect(diagnosis.findings[0]).toMatchObject({ kind: 'cross-process', status: 'suspected' })
  expect(diagnosis.findings[0]!.doubts.join(' ')).toContain('may still open')
})

test.each(['idle', 'apart'])('a process that reads from one which is %s is only blocked', async mode => {
  const { diagnosis } = await looked('pipes-to-each-other.mjs', [mode])
  expect(diagnosis.verdict.status).toBe('blocked')
  expect(diagnosis.verdict.summary).toContain('waits for data from')
})

test.each(['talk', 'think'])('two that answer each other are no hang (%s)', async mode => {
  const { pids } = await looked('pipes-to-each-other.mjs', [mode])
  for (let times = 0; times < 8; times += 1) {
    const { findings } = diagnose(await capture(pids, { others: true, timeoutMs: 15_000 }))
    expect(findings.filter(({ status }) => status === 'deadlock' || status === 'suspected')).toEqual([])
  }
})

test('a server that runs by spawnSync what asks this server is a deadlock', async () => {
  const { snapshot, diagnosis, pids } = await looked('asks-own-server.mjs', ['tcp'])
  const [finding] = diagnosis.findings
  expect(finding).toMatchObject({ kind: 'cross-process', status: 'deadlock' })
  expect(finding!.cycle.map(({ from, to }) => [from, to])).toEqual([
    [`p${pids[0]}/t0`, `p${pids[1]}/t0`],
    [`p${pids[1]}/t0`, `p${pids[0]}/t0`],
  ])
  expect(finding!.waits[0]!.at).toMatchObject({
    function: 'ask',
    line: lineOf('asks-own-server.mjs', 'spawnSync(process.execPath'),
  })
  expect(renderText(snapshot, diagnosis).replaceAll(/\s+/g, ' ')).toMatch(
    /which nothing can wake but data from 127\.0\.0\.1:\d+ \(fd \d+, not accepted yet\); the main thread of process \d+ would have to bring it/,
  )
})

test.each([
  ['tcp', 'elsewhere'],
  ['unix', 'elsewhere'],
])('one whose child asks a server in a process of its own (%s) is blocked', async (kind, where) => {
  const { diagnosis } = await looked('asks-own-server.mjs', [kind, where])
  expect(diagnosis.verdict.status).toBe('blocked')
  expect(diagnosis.findings.filter(({ status }) => status !== 'blocked')).toEqual([])
})

test('two programs under flock(1), each of which waits for the lock of the other, are a deadlock', async () => {
  const { diagnosis, pids } = await looked('file-locks.mjs', ['hung'])
  const [finding] = diagnosis.findings
  expect(finding).toMatchObject({ kind: 'cross-process', status: 'deadlock', victims: [`p${pids[0]}/t0`] })
  expect(finding!.cycle.map(({ resource }) => resource.label.replace(/\/.*-|\d+/g, ''))).toEqual([
    'the end of process ',
    expect.stringMatching(/^the lock of [ab]$/),
    'the end of process ',
    expect.stringMatching(/^the lock of [ab]$/),
  ])
  for (const { wait, resource } of finding!.cycle)
    if (resource.kind === 'exit')
      expect(wait.at).toMatchObject({
        function: 'takeAlso',
        line: lineOf('file-locks.mjs', "spawnSync('flock'"),
      })
})

test('one that waits for the lock of a program which sleeps is blocked', async () => {
  const { diagnosis } = await looked('file-locks.mjs', ['healthy'])
  expect(diagnosis.verdict.status).toBe('blocked')
  expect(diagnosis.findings.filter(({ status }) => status === 'deadlock' || status === 'suspected')).toEqual(
    [],
  )
})

test.skipIf(!hasSs).each(['fork', 'tcp'])(
  'a parent and a child joined by %s, which nothing else can wake, are suspected',
  async kind => {
    const { diagnosis, pids } = await looked('idle-with-each-other.mjs', [kind])
    // A timer of V8 hides it: then nothing is claimed.
    if (diagnosis.verdict.status === 'idle') return
    expect(diagnosis.findings).toMatchObject([
      { kind: 'cross-process', status: 'suspected', parties: [`p${pids[0]}/t0`, `p${pids[1]}/t0`] },
    ])
  },
)

test.skipIf(!hasSs)(
  'a program that blocks in writing what its parent never reads is a deadlock',
  async () => {
    const { diagnosis, pids } = await looked('unread-output.mjs', ['other'])
    const [finding] = diagnosis.findings
    expect(finding).toMatchObject({
      kind: 'cross-process',
      status: 'deadlock',
      parties: [`p${pids[0]}/t0`, `p${pids[1]}/n${pids[1]}`],
    })
    expect(finding!.cycle.map(({ resource }) => resource.label)).toEqual([
      `the end of process ${pids[1]}`,
      'room in a Unix socket (fd 1)',
    ])
  },
)

test.skipIf(!hasSs).each([
  ['hung', 'room in a Unix socket (fd 1)'],
  ['stdin', 'data from a Unix socket (fd 0)'],
])(
  'a program of Node whose parent does nothing but wait for its end is suspected (%s)',
  async (mode, label) => {
    const { diagnosis } = await looked('unread-output.mjs', [mode])
    // A timer of V8 hides it: then nothing is claimed.
    if (diagnosis.verdict.status === 'idle') return
    expect(diagnosis.findings).toMatchObject([{ kind: 'cross-process', status: 'suspected' }])
    expect(diagnosis.findings[0]!.cycle.map(({ resource }) => resource.label)).toContain(label)
  },
)

test('output that a timer will read is no hang', async () => {
  const { diagnosis } = await looked('unread-output.mjs', ['later'])
  expect(diagnosis.verdict.status).toBe('idle')
  expect(diagnosis.findings).toEqual([])
})

test.each(['server', 'timer', 'signal'])('with a %s they are idle', async more => {
  for (const kind of ['fork', 'tcp']) {
    const { diagnosis } = await looked('idle-with-each-other.mjs', [kind, more])
    expect(diagnosis.verdict.status).toBe('idle')
    expect(diagnosis.findings).toEqual([])
  }
})

test.each([
  ['poll', /^(pselect6|select|p?poll)$/],
  ['fetch', /^its event loop$/],
])(
  'a server that waits for the end of a client which waits for its answer is suspected (%s)',
  async (mode, call) => {
    const { snapshot, diagnosis, pids } = await looked('asks-blocked-server.mjs', [mode])
    const [server, client] = [`p${pids[0]}/t0`, `p${pids[1]}/${mode === 'poll' ? `n${pids[1]}` : 't0'}`]
    expect(diagnosis.findings).toMatchObject([
      { kind: 'cross-process', status: 'suspected', parties: [server, client] },
    ])
    const { cycle, doubts } = diagnosis.findings[0]!
    expect(cycle.map(({ from, to }) => [from, to])).toEqual([
      [server, client],
      [client, server],
    ])
    expect(cycle[0]!.wait.at).toMatchObject({
      function: 'check',
      line: lineOf('asks-blocked-server.mjs', 'execFileSync(program'),
    })
    expect(cycle[1]!.wait.call).toMatch(call)
    expect(cycle[1]!.resource.label).toMatch(/^data from 127\.0\.0\.1:\d+ \(fd \d+, not accepted yet\)$/)
    expect(doubts.join(' ')).toContain('it may give up by itself after a time')
    expect(renderText(snapshot, diagnosis).replaceAll(/\s+/g, ' ')).toMatch(
      mode === 'poll'
        ? /Thread "bash" of process \d+ waits for data from 127\.0\.0\.1:\d+ \(fd 3, not accepted yet\)/
        : /is in its event loop and seems to wait for data from 127\.0\.0\.1:\d+ \(/,
    )
  },
)

test('a shell waits for the first of its pipeline to end', async () => {
  const { diagnosis, pids } = await looked('asks-blocked-server.mjs', ['pipeline'])
  const [server, shell, asking, reading] = pids.map(pid => `p${pid}/${pid === pids[0] ? 't0' : `n${pid}`}`)
  expect(diagnosis.findings).toMatchObject([{ kind: 'cross-process', status: 'suspected' }])
  expect(diagnosis.findings[0]!.cycle.map(({ from, to }) => [from, to])).toEqual([
    [server, shell],
    [shell, asking],
    [asking, server],
  ])
  const { parties, victims } = diagnosis.findings[0]!
  expect([...parties, ...victims]).toContain(reading)
})

test.each(['sends-and-sleeps', 'sends-and-runs', 'sends-and-asks', 'pipeline-sleeps'])(
  'a client that is at something else is only waited for (%s)',
  async mode => {
    const { diagnosis, pids } = await looked('asks-blocked-server.mjs', [mode])
    expect(diagnosis.verdict.status).toBe('blocked')
    expect(diagnosis.findings.filter(({ status }) => status !== 'blocked')).toEqual([])
    const alone = diagnose(await capture(pids[0]!))
    expect(alone.verdict.status).toBe('blocked')
  },
)

test.skipIf(!hasSs)('a connection through a Unix socket that nobody has accepted is seen', async () => {
  const { diagnosis, pids } = await looked('asks-blocked-server.mjs', ['unix'])
  const [finding] = diagnosis.findings
  expect(finding).toMatchObject({ kind: 'cross-process', parties: [`p${pids[0]}/t0`, `p${pids[1]}/t0`] })
  expect(finding!.cycle[1]!.resource.label).toMatch(
    /^data from .*\/asks-blocked-server-\d+ \(fd \d+, not accepted yet\)$/,
  )
})

test('a server with an event loop can still answer', async () => {
  const { diagnosis } = await looked('asks-blocked-server.mjs', ['answers-later'])
  expect(diagnosis.findings).toEqual([])
})

test('of a server alone that waits for its client the client is told too, from outside', async () => {
  const { pids } = await looked('asks-blocked-server.mjs', ['poll'])
  const polling = diagnose(await capture(pids[0]!))
  expect(polling.findings).toMatchObject([{ kind: 'cross-process', status: 'suspected' }])

  const fetching = await looked('asks-blocked-server.mjs', ['fetch'])
  const snapshot = await capture(fetching.pids[0]!)
  expect(snapshot.processes.map(({ pid, inspector }) => [pid, inspector.access])).toEqual(
    fetching.pids.map(pid => [pid, 'none']),
  )
  const diagnosis = diagnose(snapshot)
  // Whether its timer is the program's shows only from inside.
  expect(diagnosis.verdict.status).toBe('blocked')
  expect(renderText(snapshot, diagnosis).replaceAll(/\s+/g, ' ')).toMatch(
    /connected to 127\.0\.0\.1:\d+ \(process \d+; it has not accepted the connection, on which \d+ bytes came\)/,
  )
})
