/** Scripts that are too long to parse or to evaluate in as others are. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

describe.each(targetNodes())('on Node $major', ({ path }) => {
  test.each(['library', 'bundle', 'huge'])('a lock taken again through a %s', async SCRIPT => {
    const { pid } = await startFixture('long-script.cjs', {
      node: path,
      execArgv: ['--inspect-port=0'],
      env: { SCRIPT },
    })
    const snapshot = await capture(pid, { timeoutMs: 20_000 })
    const { verdict, findings } = diagnose(snapshot)
    expect([verdict.status, findings[0]?.kind]).toEqual(['deadlock', 'reentrancy'])
    const [edge] = findings[0]!.cycle
    expect(edge?.wait.at).toMatchObject({ function: 'append', sourceLine: 'journal.lock()' })
    expect(edge?.by).toMatchObject({
      hold: { sure: true, at: { function: 'save', sourceLine: expect.stringContaining('each(entries') } },
    })
  })
})
