/** What the README shows as code runs. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startFixture } from './support/spawn-fixture.ts'

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const examples = [...readFileSync(root('README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs)].map(
  ([, code]) => code!,
)

test('there are examples', () => expect(examples.length).toBeGreaterThan(0))

test.each(examples)('%s', async code => {
  const { pid } = await startFixture('reentrant-queue/main.mjs', { execArgv: ['--inspect-port=0'] })
  // A file inside of the package may import it by its name.
  mkdirSync(root('.cache'), { recursive: true })
  const file = root(`.cache/readme-${process.pid}.mjs`)
  writeFileSync(file, code.replaceAll('4242', String(pid)))
  try {
    const { stderr } = await promisify(execFile)(process.execPath, [file])
    expect(stderr).toContain('DEADLOCK  main thread re-enters a lock that it already holds')
  } finally {
    rmSync(file)
  }
})
