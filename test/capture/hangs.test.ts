import { describe, test } from 'vitest'
import { expectHang } from '../support/expect-hang.ts'
import { hangs } from '../support/hangs.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

describe('the built command on real programs', () => {
  test.each(hangs)('$file: $verdict', async hang => {
    const fixture = await startFixture(hang.file, { execArgv: ['--inspect-port=0'] })
    expectHang(await runImpasse([String(fixture.pid), '--json']), hang)
  })
})
