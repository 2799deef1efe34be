/** A blocking lock that a function holds across its `await`. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import type { CaptureOptions } from '../../src/capture/options.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const acrossAwait = 'event-loops/lock-across-await.mjs'
const acrossHelpers = 'event-loops/held-across-helpers.mjs'

async function verdictOf(
  awaited: string,
  node: string,
  args: readonly string[] = [],
  file = acrossAwait,
  options: CaptureOptions = {},
) {
  const execArgv = ['--inspect-port=0']
  const { pid } = await startFixture(file, { node, args, execArgv })
  const end = Date.now() + 8000
  for (;;) {
    const snapshot = await capture(pid, options)
    const diagnosis = diagnose(snapshot)
    const seen = snapshot.processes[0]!.gaps.length === 0
    if ((seen && diagnosis.verdict.status === awaited) || Date.now() > end) return diagnosis
  }
}

describe.each(targetNodes())('on Node $major', ({ path }) => {
  test.each([
    ['main', [], 't0'],
    ['worker', ['in-worker'], 't1'],
  ])('a thread parked for what its own suspended function holds: deadlock (%s)', async (_, args, thread) => {
    const { verdict, findings } = await verdictOf('deadlock', path, args)
    expect(verdict.status).toBe('deadlock')
    expect(verdict.summary).toMatch(
      /blocks on Settings\.#lock, which task \d+ \(Settings\.refresh\).* holds across its await$/,
    )
    const [first, second, ...more] = findings[0]!.cycle
    expect(more).toEqual([])
    expect(first?.from).toMatch(new RegExp(`/${thread}$`))
    expect(first?.to).toMatch(new RegExp(`/${thread}/a\\d+$`))
    expect(first?.wait.at).toMatchObject({ class: 'Settings', function: 'read', line: 38 })
    expect(first?.by).toMatchObject({
      hold: {
        at: { class: 'Settings', function: 'refresh', line: 32 },
        acquiredAt: { line: 30 },
        sure: true,
      },
    })
    expect(second?.to).toBe(first?.from)
    expect(second?.resource.kind).toBe('event loop')
    expect(second?.wait.at).toMatchObject({ function: 'refresh', line: 32 })
  })

  test('two calls from one function: the first has returned at its await', async () => {
    const { verdict, findings } = await verdictOf('deadlock', path, ['twice'])
    expect(verdict.status).toBe('deadlock')
    const [edge] = findings[0]!.cycle
    expect(edge?.wait.at).toMatchObject({ class: 'Settings', function: 'refresh', line: 30 })
    expect(edge?.by).toMatchObject({ hold: { acquiredAt: { line: 30 }, sure: true } })
  })

  test('what a function has called awaits; the lock is a variable', async () => {
    const { verdict, findings } = await verdictOf('deadlock', path, [], acrossHelpers)
    expect(verdict.status).toBe('deadlock')
    const [edge] = findings[0]!.cycle
    expect(edge?.resource.label).toBe('first')
    expect(edge?.wait.at).toMatchObject({ function: 'count', line: 44 })
    expect(edge?.by).toMatchObject({
      hold: { at: { function: 'loadAll', line: 29 }, acquiredAt: { line: 27 } },
    })
  })

  test.each([
    ['other', 'another lock of the same class is held by a callback'],
    ['released', 'the suspended function has given it back'],
  ])('%s: blocked (%s)', async mode => {
    const { verdict, findings } = await verdictOf('blocked', path, [mode], acrossHelpers)
    expect(verdict.status).toBe('blocked')
    expect(findings).toEqual([])
  })

  test('the suspended function of a thread that a timer wakes: blocked', async () => {
    const { verdict, findings } = await verdictOf('blocked', path, ['worker'])
    expect(verdict.status).toBe('blocked')
    expect(findings).toEqual([])
    expect(verdict.summary).toMatch(/held by task \d+ \(Settings\.refresh\) of worker 1/)
  })
})

test('a callback of the main thread may give it back for the one that is suspended: blocked', async () => {
  const { verdict, findings } = await verdictOf('blocked', process.execPath, ['in-worker'], acrossHelpers)
  expect(verdict.status).toBe('blocked')
  expect(findings).toEqual([])
})

test('a worker that only the parked thread could wake changes nothing', async () => {
  const { verdict } = await verdictOf('deadlock', process.execPath, ['beside-worker'])
  expect(verdict.status).toBe('deadlock')
})

test('without the heap the source alone tells: suspected, and named', async () => {
  const { verdict, findings } = await verdictOf('suspected', process.execPath, [], acrossAwait, {
    heap: false,
  })
  expect(verdict).toEqual({
    status: 'suspected',
    summary: 'main thread blocks on a lock that a suspended function of its own seems to hold',
  })
  const [edge] = findings[0]!.cycle
  expect(findings[0]!.kind).toBe('reentrancy')
  expect(edge?.by).toMatchObject({
    hold: { at: { class: 'Settings', function: 'refresh', line: 30 }, sure: false },
  })
  expect(findings[0]!.doubts.join()).toContain('refresh (line 30) takes such a lock and then awaits')
})
