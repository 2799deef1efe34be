import { describe, expect, test } from 'vitest'
import { targetNodes } from '../support/node-versions.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

interface Seen {
  readonly report: ReturnType<typeof JSON.parse>
  readonly text: string
}

async function look(file: string, node: string, args: readonly string[] = []): Promise<Seen> {
  // V8's timer for its next collection may be one of the program's, to whoever looks.
  const execArgv = ['--inspect-port=0', '--no-memory-reducer']
  const fixture = await startFixture(`web-locks/${file}`, { node, execArgv, args })
  const json = await runImpasse([String(fixture.pid), '--json'])
  expect(json.stderr).toBe('')
  const text = await runImpasse([String(fixture.pid)])
  return { report: JSON.parse(json.stdout), text: text.stdout }
}

interface Lock {
  readonly kind: string
  readonly label: string
  readonly holders: readonly { readonly party: string; readonly sure: boolean }[]
  readonly waiters: readonly string[]
}

function webLocks(report: { readonly resources: readonly Lock[] }): readonly Lock[] {
  return report.resources.filter(({ kind }) => kind === 'Web Lock')
}

const short = (id: string) => id.replace(/^p\d+\//, '')

describe.each(targetNodes().filter(({ major }) => major >= 24))('Web Locks on Node $major', ({ path }) => {
  test('that two threads take in opposite orders: suspected where nothing else can come', async () => {
    const { report, text } = await look('abba.mjs', path)
    // Where the threads rest in their loops it is proved besides that nothing can wake them; Node 24 keeps them turning.
    expect(['suspected', 'deadlock']).toContain(report.verdict.status)
    const finding = report.findings.find(({ status }: { status: string }) => status === 'suspected')
    expect([finding.kind, finding.parties.map(short)]).toEqual(['cycle', ['t0/a1', 't1/a1']])
    expect(webLocks(report).map(({ label }) => label)).toEqual(["Web Lock 'journal'", "Web Lock 'accounts'"])
    expect(text).toContain("      waits for Web Lock 'journal', which worker 1 holds")
  })

  test('the same with a timer: blocked, since a holder may wait for that', async () => {
    const { report, text } = await look('abba.mjs', path, ['timer'])
    expect(report.verdict.status).toBe('blocked')
    expect(report.findings).toEqual([])
    expect(text.split(/\s+/).join(' ')).toContain(
      "held by worker 1, which waits for Web Lock 'accounts', held by the main thread",
    )
    // A worker that turns its loop is one thread, not a second one of the kernel beside it.
    const others = report.snapshot.processes[0].threads.filter(
      ({ role }: { role: string }) => role === 'other',
    )
    expect(others).toEqual([])
  })

  test('that two functions of one thread take in opposite orders: suspected, or told with what else can come', async () => {
    const { report, text } = await look('crossed-in-one-thread.mjs', path)
    expect(['suspected', 'deadlock']).toContain(report.verdict.status)
    expect(report.findings.some(({ status }: { status: string }) => status === 'suspected')).toBe(true)
    expect(text).toContain("holds Web Lock 'two' and Web Lock 'one'")
    const timed = await look('crossed-in-one-thread.mjs', path, ['timer'])
    expect([timed.report.verdict.status, timed.report.findings]).toEqual(['idle', []])
    expect(timed.text).toContain("waits for Web Lock 'one', which a function of its own holds")
  })

  test('that a function takes again while it holds it', async () => {
    const { report } = await look('reentered.mjs', path)
    expect(['suspected', 'deadlock']).toContain(report.verdict.status)
    const finding = report.findings.find(({ status }: { status: string }) => status === 'suspected')
    expect([finding.kind, finding.parties.map(short)]).toEqual(['reentrancy', ['t0/a1']])
    const waiters = webLocks(report).map(resource => resource.waiters.map(short))
    expect(waiters).toEqual([['t0/a1']])
  })

  test('whose waits signals with a timer will end: no alarm', async () => {
    const { report } = await look('timed-signals.mjs', path)
    expect(['suspected', 'deadlock']).not.toContain(report.verdict.status)
    expect(report.findings).toEqual([])
  })

  test('that many wait for behind a slow holder: idle, with the line shown', async () => {
    const { report, text } = await look('slow-holder.mjs', path)
    expect(report.verdict.status).toBe('idle')
    expect(report.findings).toEqual([])
    expect(text).toContain("Worker 1 waits for Web Lock 'cache', which the main thread holds.")
  })

  test('whose holder is parked: it is told by all others, who do not hold it', async () => {
    const { report, text } = await look('parked-holder.mjs', path)
    // The main thread has nothing left but the worker that is parked for its answer.
    expect(report.verdict.status).toBe('deadlock')
    expect([report.findings[0].kind, report.findings[0].parties.map(short)]).toEqual([
      'stranded',
      ['t0', 't1'],
    ])
    const [lock] = webLocks(report)
    expect(lock!.holders.map(({ party, sure }) => [short(party), sure])).toEqual([['t1/a1', true]])
    expect(text).toContain("      waits for Web Lock 'settings', which worker 1 holds")
  })

  test('are not asked for where nobody uses them', async () => {
    const fixture = await startFixture('idle-timer.mjs', { node: path, execArgv: ['--inspect-port=0'] })
    const { stdout } = await runImpasse([String(fixture.pid), '--json'])
    expect(JSON.parse(stdout).resources).toEqual([])
  })
})
