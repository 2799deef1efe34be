/** The same programs as compilers write them: found at the lines of their TypeScript where there is a map. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { asText, foundIn } from './support/found.ts'
import { marksIn } from './support/marks.ts'

const bank = asText(marksIn('locks-compiled/bank.ts'))
const unmapped = ['main holds A.#t', 'main waits A.#t', 'teller holds A.#t', 'teller waits A.#t'].map(
  said => `1: ${said}`,
)

const forms: Record<string, readonly string[]> = {
  'bank-es2015.mjs': bank,
  'bank-es2022.mjs': bank,
  'bank-minified.mjs': unmapped,
  'bank-minified-inline-map.mjs': bank,
  'bank-minified-es2019.mjs': bank,
  'bank-guarded.mjs': asText(marksIn('locks-compiled/bank-guarded.mts')),
}

describe.each(targetNodes())('on Node $major', ({ path }) => {
  test.each(Object.entries(forms))('%s', async (file, expected) => {
    const program = await startFixture(`locks-compiled/${file}`, {
      node: path,
      execArgv: ['--inspect-port=0'],
    })
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(asText(foundIn(await capture(program.pid)))).toEqual(expected)
  })
})
