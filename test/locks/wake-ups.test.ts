/** Waits that nobody ends any more, and their healthy twins. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

describe.each(targetNodes())('on Node $major', ({ path }) => {
  const look = async (file: string, env: Record<string, string> = {}) => {
    const { pid } = await startFixture(`locks-atomics/${file}`, {
      node: path,
      execArgv: ['--inspect-port=0'],
      env,
    })
    const snapshot = await capture(pid, { timeoutMs: 20_000 })
    const { verdict, findings } = diagnose(snapshot)
    const names = new Map(snapshot.processes[0]!.threads.map(({ id, name }) => [id, name]))
    const [finding] = findings
    return { verdict, finding, parties: finding?.parties.map(id => names.get(id)) ?? [] }
  }

  test('a producer that stores and does not notify', async () => {
    const { verdict, finding, parties } = await look('forgets-to-notify.mjs')
    expect([verdict.status, finding?.kind, parties]).toEqual(['suspected', 'lost-wakeup', ['reader']])
    expect(finding?.explanation).toMatch(
      /`Atomics\.store\(this\.#words, 0, letter\)` \(\S*forgets-to-notify\.mjs:12:13\)/,
    )
  })

  test('a pool of which each job wakes one is idle', async () => {
    const { verdict, finding } = await look('notifies-one.mjs')
    expect([verdict.status, finding?.kind]).toEqual(['idle', undefined])
  })

  test('a barrier whose last party has thrown', async () => {
    const { verdict, finding, parties } = await look('barrier-of-workers.mjs')
    expect([verdict.status, parties]).toEqual(['suspected', ['read', 'write']])
    expect(finding?.explanation).toContain('Worker 2 has ended')
  })

  test('a barrier whose last party is late', async () => {
    const { verdict, finding } = await look('barrier-of-workers.mjs', { LATE: '1' })
    expect([verdict.status, finding?.kind]).toEqual(['blocked', undefined])
  })

  test('units of a pool that only those have who want more', async () => {
    const { verdict, finding, parties } = await look('pool-of-two-alone.mjs')
    expect([verdict.status, finding?.kind, parties]).toEqual(['deadlock', 'exhaustion', ['one', 'two']])
  })

  test('the same, where a timer of the main thread could give one back', async () => {
    const { verdict, finding, parties } = await look('pool-of-two.mjs')
    expect([verdict.status, finding?.kind, parties]).toEqual(['suspected', 'exhaustion', ['one', 'two']])
    expect(finding?.doubts).toEqual([
      'The main thread can go on, and may release pool in code that was not read.',
    ])
  })

  test('a lock whose holder has thrown is named by its word', async () => {
    const { verdict, finding, parties } = await look('holder-has-thrown.mjs')
    expect([verdict.status, finding?.kind, parties]).toEqual(['suspected', 'orphaned-lock', ['main']])
    expect(finding?.explanation).toContain('its word names worker 2, which is no longer there')
  })

  test('a lock whose holder has ended, where nothing else can run', async () => {
    const { verdict, finding, parties } = await look('holder-has-ended.mjs')
    expect([verdict.status, finding?.kind, parties]).toEqual([
      'suspected',
      'orphaned-lock',
      ['second', 'third'],
    ])
  })

  test('the same, where a timer may free it', async () => {
    const { verdict, finding } = await look('holder-has-ended-watched.mjs')
    expect([verdict.status, finding?.kind]).toEqual(['blocked', undefined])
  })

  test('workers that wait for each other, whose words a timer sets free through a view of its own', async () => {
    const { verdict, finding } = await look('watchdog-view.mjs')
    expect([verdict.status, finding?.kind]).toEqual(['blocked', undefined])
  })

  test('a barrier whose last party a timer is to start', async () => {
    const { verdict, finding } = await look('barrier-of-late.mjs')
    expect(verdict.status).toMatch(/blocked|idle/)
    expect(finding).toBeUndefined()
  })
})
