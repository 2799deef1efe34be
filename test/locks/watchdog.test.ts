/** A lock that a callback of an idle thread gives back too is waited for, but not for ever. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { untilStanding } from '../property/standing.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { asText, foundIn } from './support/found.ts'
import { marksIn } from './support/marks.ts'

describe.each(targetNodes())('on Node $major', ({ path }) => {
  const look = async (fixture: string) => {
    const { pid } = await startFixture(`locks-atomics/${fixture}.mjs`, {
      node: path,
      execArgv: ['--inspect-port=0'],
    })
    await untilStanding(pid, 0)
    const snapshot = await capture(pid, { timeoutMs: 20_000 })
    return { ...diagnose(snapshot), marks: asText(foundIn(snapshot)) }
  }

  test('with a watchdog', async () => {
    const { verdict, findings } = await look('watchdog')
    expect(findings).toEqual([])
    expect(verdict.status).toBe('blocked')
    expect(verdict.summary).toMatch(
      /waits for words\[1\] in both \(.*watchdog\.mjs:17:3\), held by worker \d "right", which waits for words\[0\]/,
    )
    expect(verdict.summary).toMatch(
      /a callback \(watchdog\.mjs:25:15\), which the main thread may still run, gives it back too/,
    )
  })

  test('given back in the action of a `with` function: nobody else runs it', async () => {
    const { verdict, findings, marks } = await look('released-in-action')
    expect(verdict.status).toBe('deadlock')
    expect(findings.map(({ kind }) => kind)).toEqual(['cycle'])
    expect(findings[0]!.parties.map(id => id.split('/')[1]).sort()).toEqual(['t1', 't2'])
    expect(marks).toEqual(asText(marksIn('locks-atomics/released-in-action.mjs')))
  })
})
