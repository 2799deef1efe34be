/** Locals that are dead by then are gone from optimised frames: what they were made of still tells the lock. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { untilStanding } from '../property/standing.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

describe.each(targetNodes())('on Node $major', ({ path }) => {
  test('a parameter that the caller still has', async () => {
    const program = await startFixture('locks-atomics/lost-arguments.mjs', {
      node: path,
      execArgv: ['--inspect-port=0'],
    })
    await untilStanding(program.pid, 0)
    const { findings } = diagnose(await capture(program.pid))
    const parties = [0, 1].map(id => `p${program.pid}/t${id}`)
    expect(findings).toMatchObject([{ kind: 'cycle', status: 'deadlock', parties, doubts: [] }])
  })

  test('a lock that the function made for itself', async () => {
    const program = await startFixture('three-threads-deadlock.mjs', {
      node: path,
      execArgv: ['--inspect-port=0'],
    })
    await untilStanding(program.pid, 0)
    const { findings } = diagnose(await capture(program.pid))
    const parties = [0, 1, 2].map(id => `p${program.pid}/t${id}`)
    expect(findings).toMatchObject([{ kind: 'cycle', status: 'deadlock', doubts: [] }])
    expect([...findings[0]!.parties].sort()).toEqual(parties)
  })
})
