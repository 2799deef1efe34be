import { describe, expect, test } from 'vitest'
import { targetNodes } from '../support/node-versions.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

async function look(file: string, node: string) {
  const fixture = await startFixture(`wait-async/${file}`, { execArgv: ['--inspect-port=0'], node })
  const { stdout, stderr } = await runImpasse([String(fixture.pid), '--json'])
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe.each(targetNodes())(
  'a mutex that functions await with Atomics.waitAsync, on Node $major',
  ({ path }) => {
    test('is held by the function that awaited its turn, as long as it is on the stack', async () => {
      const { verdict, findings } = await look('reentered.mjs', path)
      expect([verdict.status, findings[0].kind]).toEqual(['deadlock', 'reentrancy'])
      const [{ at, acquiredAt }] = findings[0].cycle
      expect([at.function, at.line]).toEqual(['save', 8])
      expect([acquiredAt.function, acquiredAt.line]).toEqual(['rebuild', 13])
    })

    test('is held by a function that is suspended, which is named with its line', async () => {
      const { verdict, findings, resources } = await look('answer-under-lock.mjs', path)
      expect(verdict.status).toBe('blocked')
      expect(findings).toEqual([])
      expect(resources[0].holders).toMatchObject([
        {
          party: expect.stringMatching(/^p\d+\/t0\/a\d+$/),
          acquiredAt: { function: 'rebuild', line: 14 },
        },
      ])
    })

    test.each([
      ['other-mutex.mjs', 'blocked'],
      ['not-awaited.mjs', 'blocked'],
      ['slow-holder.mjs', 'idle'],
    ])('raises no alarm where the holder will give it back: %s', async (file, status) => {
      const { verdict, findings } = await look(file, path)
      expect(verdict.status).toBe(status)
      expect(findings).toEqual([])
    })
  },
)
