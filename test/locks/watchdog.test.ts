/** A lock that a callback of an idle thread gives back too is waited for, but not for ever. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { untilStanding } from '../property/standing.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

describe.each(targetNodes())('on Node $major', ({ path }) => {
  const look = async () => {
    const { pid } = await startFixture('locks-atomics/watchdog.mjs', {
      node: path,
      execArgv: ['--inspect-port=0'],
    })
    await untilStanding(pid, 0)
    return diagnose(await capture(pid, { timeoutMs: 20_000 }))
  }

  test('with a watchdog', async () => {
    const { verdict, findings } = await look()
    expect(findings).toEqual([])
    expect(verdict.status).toBe('blocked')
    expect(verdict.summary).toMatch(
      /waits for words\[1\] in both \(.*watchdog\.mjs:17:3\), held by worker \d "right", which waits for words\[0\]/,
    )
    expect(verdict.summary).toMatch(
      /a callback \(watchdog\.mjs:25:15\), which the main thread may still run, gives it back too/,
    )
  })
})
