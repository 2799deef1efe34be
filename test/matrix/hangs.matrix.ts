import { describe, test } from 'vitest'
import { expectHang } from '../support/expect-hang.ts'
import { hangs } from '../support/hangs.ts'
import { targetNodes } from '../support/node-versions.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const nodes = targetNodes()

describe.each(nodes)('programs on Node $major', ({ major, path }) => {
  test.each(hangs)('$file: $verdict', async hang => {
    if (hang.minimalMajor !== undefined && major < hang.minimalMajor) return
    const fixture = await startFixture(hang.file, { node: path, execArgv: ['--inspect-port=0'] })
    expectHang(await runImpasse([String(fixture.pid), '--json']), hang)
  })
})

describe.each(nodes.filter(({ major }) => major >= 20))('Impasse on Node $major', ({ path }) => {
  test.each(hangs.slice(0, 3))('$file: $verdict', async hang => {
    const fixture = await startFixture(hang.file, { execArgv: ['--inspect-port=0'] })
    expectHang(await runImpasse([String(fixture.pid), '--json'], { node: path }), hang)
  })
})
