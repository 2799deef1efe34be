import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { descendantsOf } from '../../src/process/children.ts'
import { renderText } from '../../src/report/text.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { fixturePath, startFixture } from '../support/spawn-fixture.ts'

/** The parent, the shell and the program, once all three run. */
async function captured(program: string): Promise<{ snapshot: Snapshot; pids: readonly number[] }> {
  // The program inherits its stdout, and says when it is ready.
  const { pid } = await startFixture('processes/waits-for-command.mjs', { args: [fixturePath(program)] })
  await setTimeout(100)
  const pids = [pid, ...descendantsOf(pid).map(child => child.pid)]
  return { snapshot: await capture(pids, { others: true, timeoutMs: 15_000 }), pids }
}

test('a program that waits by execSync for one in a deadlock is its victim, through the shell', async () => {
  const { snapshot, pids } = await captured('reentrant-queue/main.mjs')
  const [parent, shell, child] = pids
  const { verdict, findings } = diagnose(snapshot)
  expect(verdict.status).toBe('deadlock')
  expect(findings[0]).toMatchObject({
    kind: 'reentrancy',
    status: 'deadlock',
    parties: [`p${child}/t0`],
    victims: [`p${parent}/t0`, `p${shell}/n${shell}`],
  })
  const wait = snapshot.waits.find(({ party }) => party === `p${parent}/t0`)
  expect(wait?.at).toMatchObject({ function: 'build', line: 6, column: 3 })
})

test.each(['busy-loop.mjs', 'idle-timer.mjs', 'reentered-lock.mjs'])(
  'one that waits for %s is blocked, and the report says at what that stands',
  async program => {
    const { snapshot, pids } = await captured(program)
    const diagnosis = diagnose(snapshot)
    expect(diagnosis.verdict.status).toBe('blocked')
    expect(
      diagnosis.findings.filter(({ status }) => status === 'deadlock' || status === 'suspected'),
    ).toEqual([])
    const text = renderText(snapshot, diagnosis).replaceAll(/\s+/g, ' ')
    expect(text).toContain(
      `main thread of process ${pids[0]} waits for the end of process ${pids[1]} in build (`,
    )
    expect(text).toContain(`at the head of the line is the main thread of process ${pids[2]}, which `)
  },
)
