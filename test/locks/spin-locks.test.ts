/** Threads that spin: what holds them up is named, and where they go on nothing is alarmed. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const hanging = [
  { file: 'spinning.mjs', kind: 'cycle', parties: ['main', 'other'], victims: [] },
  { file: 'spinning-reentered.mjs', kind: 'reentrancy', parties: ['main'], victims: [] },
  { file: 'spinning-behind-a-deadlock.mjs', kind: 'cycle', parties: ['buyer', 'seller'], victims: ['main'] },
]

describe.each(targetNodes())('on Node $major', ({ path }) => {
  const look = async (file: string) => {
    const { pid } = await startFixture(`locks-atomics/${file}`, {
      node: path,
      execArgv: ['--inspect-port=0'],
    })
    const snapshot = await capture(pid, { timeoutMs: 20_000 })
    const diagnosis = diagnose(snapshot)
    const names = new Map(snapshot.processes[0]!.threads.map(({ id, name }) => [id, name]))
    return { pid, diagnosis, nameOf: (id: string) => names.get(id) }
  }

  test.each(hanging)('$file is a deadlock', async ({ file, kind, parties, victims }) => {
    const { diagnosis, nameOf } = await look(file)
    const [finding] = diagnosis.findings
    expect(diagnosis.verdict.status, finding?.doubts.join(' ')).toBe('deadlock')
    expect(finding?.kind).toBe(kind)
    expect(finding?.parties.map(nameOf).sort()).toEqual([...parties].sort())
    expect(finding?.victims.map(nameOf)).toEqual(victims)
  })

  test('a spinner whose holder sleeps is busy, and its holder is named', async () => {
    const { diagnosis } = await look('spinning-behind-a-sleeper.mjs')
    expect(diagnosis.findings.map(({ kind, status }) => [kind, status])).toEqual([['spin-wait', 'busy']])
    const [finding] = diagnosis.findings
    expect(finding?.title).toBe('main thread spins, waiting for words')
    expect(finding?.explanation).toContain('worker 1 "sleeper"')
  })

  test('a spinner for a flag is busy', async () => {
    const { diagnosis } = await look('spinning-for-a-flag.mjs')
    expect(diagnosis.findings.map(({ status }) => status)).toEqual(['busy'])
  })

  test('threads that spin for moments only are never alarmed about', { timeout: 60_000 }, async () => {
    const { pid, diagnosis } = await look('spinning-briefly.mjs')
    const statuses = [diagnosis.verdict.status]
    for (let attach = 1; attach < 4; attach += 1)
      statuses.push(diagnose(await capture(pid, { timeoutMs: 20_000 })).verdict.status)
    expect(statuses.filter(status => status === 'deadlock' || status === 'suspected')).toEqual([])
  })
})
