/** A blocking lock that a function holds across its `await`. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

async function verdictOf(awaited: string, node: string, args: readonly string[] = []) {
  const execArgv = ['--inspect-port=0']
  const { pid } = await startFixture('event-loops/lock-across-await.mjs', { node, args, execArgv })
  const end = Date.now() + 8000
  for (;;) {
    const snapshot = await capture(pid)
    const diagnosis = diagnose(snapshot)
    const seen = snapshot.processes[0]!.gaps.length === 0
    if ((seen && diagnosis.verdict.status === awaited) || Date.now() > end) return diagnosis
  }
}

describe.each(targetNodes())('on Node $major', ({ path }) => {
  test('the suspended function of the thread that is parked: suspected, and named', async () => {
    const { verdict, findings } = await verdictOf('suspected', path)
    expect(verdict).toEqual({
      status: 'suspected',
      summary: 'main thread blocks on a lock that a suspended function of its own seems to hold',
    })
    expect(findings).toHaveLength(1)
    const [edge] = findings[0]!.cycle
    expect(findings[0]!.kind).toBe('reentrancy')
    expect(edge?.resource.label).toBe('Settings.#lock')
    expect(edge?.wait.at).toMatchObject({ class: 'Settings', function: 'read', line: 38 })
    expect(edge?.by).toMatchObject({
      hold: { at: { class: 'Settings', function: 'refresh', line: 30 }, sure: false },
    })
    expect(findings[0]!.doubts.join()).toContain('refresh (line 30) takes such a lock and then awaits')
  })

  test('two calls from one function: the first has returned at its await', async () => {
    const { verdict, findings } = await verdictOf('suspected', path, ['twice'])
    expect(verdict.status).toBe('suspected')
    const [edge] = findings[0]!.cycle
    expect(edge?.wait.at).toMatchObject({ class: 'Settings', function: 'refresh', line: 30 })
    expect(edge?.by).toMatchObject({ hold: { at: { function: 'refresh', line: 30 }, sure: false } })
  })

  test('the suspended function of a thread that a timer wakes: blocked', async () => {
    const { verdict, findings } = await verdictOf('blocked', path, ['worker'])
    expect(verdict.status).toBe('blocked')
    expect(findings).toEqual([])
    expect(verdict.summary).toContain('held by worker 1, which is in its event loop')
  })
})

test('a worker that only the parked thread could wake changes nothing', async () => {
  const { verdict, findings } = await verdictOf('suspected', process.execPath, ['beside-worker'])
  expect(verdict.status).toBe('suspected')
  expect(findings[0]!.doubts.join()).toContain('refresh (line 30) takes such a lock and then awaits')
})
