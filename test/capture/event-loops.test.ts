/** An event loop waits too: programs in which nothing can wake anybody, and their twins in which something can. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import type { Diagnosis, Status } from '../../src/diagnosis/diagnosis.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { targetNodes } from '../support/node-versions.ts'
import { type FixtureOptions, startFixture } from '../support/spawn-fixture.ts'

interface Seen {
  readonly snapshot: Snapshot
  readonly diagnosis: Diagnosis
}

/** Looks until the verdict (or those of the threads, main first) is what is awaited, for some seconds: a program says that it is ready a moment before. */
async function look(file: string, awaited: Status | Status[], options: FixtureOptions = {}): Promise<Seen> {
  const { pid } = await startFixture(`event-loops/${file}`, { execArgv: ['--inspect-port=0'], ...options })
  const end = Date.now() + 8000
  for (;;) {
    const snapshot = await capture(pid)
    const diagnosis = diagnose(snapshot)
    // On a busy machine a thread may not have answered in time: that look tells nothing.
    const seen = snapshot.processes[0]!.gaps.length === 0
    const statuses = Array.isArray(awaited)
      ? diagnosis.threads.map(({ status }) => status)
      : [diagnosis.verdict.status]
    if ((seen && isDeepStrictEqual(statuses, [awaited].flat())) || Date.now() > end)
      return { snapshot, diagnosis }
  }
}

/** Several looks, since a false alarm may come in any of them. */
async function looks(count: number, file: string, options: FixtureOptions = {}): Promise<Seen[]> {
  const { pid } = await startFixture(`event-loops/${file}`, { execArgv: ['--inspect-port=0'], ...options })
  const seen: Seen[] = []
  while (seen.length < count) {
    const snapshot = await capture(pid)
    seen.push({ snapshot, diagnosis: diagnose(snapshot) })
  }
  return seen
}

const numbers = (parties: readonly string[] = []) => parties.map(party => Number(party.split('/t')[1])).sort()
const sourcesOf = ({ snapshot }: Seen, thread: number) =>
  snapshot.processes[0]!.threads.find(({ threadId }) => threadId === thread)?.loop?.sources ?? []

describe.each(targetNodes())('nothing can wake anybody, on Node $major', ({ path, major }) => {
  test('each thread awaits the first message of the other', async () => {
    const seen = await look('each-awaits-the-other.mjs', 'deadlock', { node: path })
    const [finding, ...more] = seen.diagnosis.findings
    expect(seen.diagnosis.verdict).toEqual({
      status: 'deadlock',
      summary:
        'nothing can wake this process any more: the main thread and worker 1 wait only for messages from each other',
    })
    expect(more).toEqual([])
    expect(finding).toMatchObject({ kind: 'stranded', victims: [] })
    expect(numbers(finding?.parties)).toEqual([0, 1])
    expect(sourcesOf(seen, 0).filter(({ outside }) => outside)).toEqual([])
    expect(sourcesOf(seen, 1).filter(({ outside }) => outside)).toEqual([])
  })

  test.each(['reply', 'output'])('a synchronous call of a worker that needs %s', async need => {
    const { diagnosis } = await look('synchronous-call.mjs', 'deadlock', { node: path, args: [need] })
    expect(diagnosis.verdict).toEqual({
      status: 'deadlock',
      summary:
        'main thread waits for worker 1 "formatter", which only a message from the main thread could wake',
    })
    const [finding] = diagnosis.findings
    expect(finding?.kind).toBe('stranded')
    expect(
      finding?.cycle.map(({ from, to, resource }) => [...numbers([from]), ...numbers([to]), resource.kind]),
    ).toEqual([
      [0, 1, 'event'],
      [1, 0, 'message'],
    ])
    expect(finding?.cycle[0]?.wait.at).toMatchObject({
      file: expect.stringMatching(/synchronous-call\.mjs$/),
      line: 34,
    })
  })

  test('all workers of a pool are parked for a job that nobody can bring', async () => {
    const { diagnosis } = await look('pool-nobody-closes.mjs', 'deadlock', { node: path })
    expect(diagnosis.verdict.status).toBe('deadlock')
    expect(diagnosis.findings.map(({ kind }) => kind)).toEqual(['stranded'])
    expect(numbers(diagnosis.findings[0]?.parties)).toEqual([0, 1, 2, 3])
  })

  test('all workers of a pool wait inside of a job for a further job', async () => {
    const { diagnosis } = await look('nested-jobs.mjs', 'deadlock', { node: path })
    expect(diagnosis.verdict).toEqual({
      status: 'deadlock',
      summary: 'all 2 workers of a pool wait inside of a job, and none is left to run another',
    })
    const [finding] = diagnosis.findings
    expect(finding?.kind).toBe('exhaustion')
    expect(numbers(finding?.parties)).toEqual([0, 1, 2])
    expect(finding?.explanation).toContain('Jobs of these 2 workers are taken in work (')
    const places = finding?.waits.filter(({ jobLoop }) => jobLoop !== undefined).map(({ at }) => at)
    expect(places).toMatchObject([
      { function: 'runOuter', line: 64 },
      { function: 'runOuter', line: 64 },
    ])
  })

  test('the main thread has stored what a worker waits for, has not notified it, and idles', async () => {
    const { diagnosis } = await look('store-without-notify.mjs', 'suspected', { node: path })
    expect(diagnosis.verdict).toEqual({
      status: 'suspected',
      summary: 'worker 1 still sleeps at workerData, though it has become 1, and nothing is left to wake it',
    })
    expect(diagnosis.findings.map(({ kind }) => kind)).toEqual(['lost-wakeup'])
    expect(numbers(diagnosis.findings[0]?.parties)).toEqual([0, 1])
  })

  test.runIf(major >= 20)('module hooks that need the main thread', async () => {
    const { diagnosis } = await look('module-hooks.mjs', 'deadlock', { node: path })
    expect(diagnosis.verdict.status).toBe('deadlock')
    const [finding] = diagnosis.findings
    expect(finding).toMatchObject({
      kind: 'stranded',
      waits: [{ at: { function: 'resolveAlias', line: 14 } }, {}],
    })
    expect(finding?.cycle[0]?.resource.label).toBe('an answer of the module hooks')
  })
})

describe('something can still come', () => {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-loops-'))
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  test.each([
    ['main:timer', 'timer'],
    ['main:unrefTimer', 'timer'],
    ['worker:unrefTimer', 'timer'],
    ['worker:timer', 'timer'],
    ['main:server', 'server'],
    ['worker:server', 'server'],
    ['main:stdin', 'stdin'],
    ['main:signal', 'signal'],
    ['main:ownSignal', 'signal'],
    ['main:child', 'child'],
    ['worker:child', 'child'],
    ['main:unrefChild', 'child'],
    ['main:fifo', 'pool work'],
    ['worker:fifo', 'pool work'],
    ['main:watch', 'file watcher'],
    ['worker:watchFile', 'timer'],
    ['worker:waitAsync', 'timer'],
  ])('%s: the two are idle', async (twin, kind) => {
    const all = await looks(2, 'each-awaits-the-other.mjs', { args: [twin, fifo], cwd: folder })
    for (const seen of all) {
      expect(seen.diagnosis.findings).toEqual([])
      expect(['idle', 'healthy']).toContain(seen.diagnosis.verdict.status)
    }
    const last = all.at(-1)!
    const sources = sourcesOf(last, twin.startsWith('main') ? 0 : 1)
    const outside = sources.filter(source => source.outside).map(source => source.kind)
    expect(
      kind === 'stdin' ? outside.some(one => one === 'pipe' || one === 'socket') : outside.includes(kind),
    ).toBe(true)
  })

  test('worker:compute: busy', async () => {
    const [{ diagnosis }] = (await looks(1, 'each-awaits-the-other.mjs', { args: ['worker:compute'] })) as [
      Seen,
    ]
    expect(diagnosis.verdict.status).toBe('busy')
    expect(diagnosis.findings.map(({ kind, parties }) => [kind, ...numbers(parties)])).toEqual([
      ['busy-loop', 1],
    ])
  })

  test('worker:sleep: nobody is stranded', async () => {
    for (const { diagnosis } of await looks(2, 'each-awaits-the-other.mjs', { args: ['worker:sleep'] }))
      expect(diagnosis.findings).toEqual([])
  })

  test.each([
    ['timer', 'timer'],
    ['network', 'server'],
  ])('a synchronous call of a worker that waits for a %s is blocked', async (need, kind) => {
    const seen = await look('synchronous-call.mjs', 'blocked', { args: [need] })
    expect(seen.diagnosis.verdict.status).toBe('blocked')
    expect(seen.diagnosis.findings).toEqual([])
    expect(sourcesOf(seen, 1).map(source => source.kind)).toContain(kind)
  })

  test('a synchronous call of a worker that computes: the worker is busy, the main thread waits for it', async () => {
    const { diagnosis } = await look('synchronous-call.mjs', ['blocked', 'busy'], { args: ['computation'] })
    expect(diagnosis.threads.map(({ status }) => status)).toEqual(['blocked', 'busy'])
    expect(diagnosis.verdict.summary).toContain('which runs computation')
  })

  test('module hooks that wait for a timer: blocked', async () => {
    const { diagnosis } = await look('module-hooks.mjs', 'blocked', { args: ['slow'] })
    expect(diagnosis.verdict.status).toBe('blocked')
    expect(diagnosis.findings).toEqual([])
  })

  test.each([
    ['a third worker runs what the two wait for', ['3'], 4],
    ['the main thread may bring what they wait for', ['2', 'timer'], 3],
  ])('jobs that wait inside of jobs are blocked: %s', async (_, args, threads) => {
    const { diagnosis } = await look('nested-jobs.mjs', 'blocked', { args })
    expect(diagnosis.verdict.status).toBe('blocked')
    expect(diagnosis.findings).toEqual([])
    expect(diagnosis.threads.map(({ status }) => status)).toEqual([
      'idle',
      ...Array(threads - 1).fill('blocked'),
    ])
  })

  test('two workers that hand each other work are no hang, though the main thread has nothing to do', async () => {
    for (const { diagnosis } of await looks(4, 'ping-pong.mjs')) {
      expect(
        diagnosis.findings.filter(({ status }) => status === 'deadlock' || status === 'suspected'),
      ).toEqual([])
      expect(diagnosis.verdict.status).not.toMatch(/deadlock|suspected/)
    }
  })

  test('a notification that a timer will bring is not lost', async () => {
    for (const { diagnosis } of await looks(2, 'store-without-notify.mjs', { args: ['timer'] }))
      expect(diagnosis.findings).toEqual([])
  })

  test('a pool beside a timer is idle', async () => {
    for (const { diagnosis } of await looks(2, 'pool-nobody-closes.mjs', { args: ['timer'] })) {
      expect(diagnosis.verdict.status).toBe('idle')
      expect(diagnosis.findings).toEqual([])
    }
  })

  afterAll(() => rmSync(folder, { recursive: true }))
})
