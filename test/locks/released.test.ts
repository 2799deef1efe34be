/** The worst that could happen: a thread that has given its lock back is said to wait for itself. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { fixturePath, startFixture } from '../support/spawn-fixture.ts'
import { foundIn } from './support/found.ts'

const file = 'locks-atomics/released-in-odd-ways.mjs'
const names = [...readFileSync(fixturePath(file), 'utf8').matchAll(/^ {2}(\w+)\(.*\) \{$/gm)].map(
  match => match[1]!,
)

test.each(names)('%s', async name => {
  const program = await startFixture(file, { args: [name], execArgv: ['--inspect-port=0'] })
  await new Promise(resolve => setTimeout(resolve, 50))
  const found = foundIn(await capture(program.pid))
  const waited = found.find(mark => mark.thread === 'main' && mark.does === 'waits')
  expect(waited).toBeDefined()
  expect(found.filter(mark => mark.thread === 'keeper' && mark.does !== 'waits')).toHaveLength(1)
  expect(found.filter(mark => mark.thread === 'main' && mark.does === 'holds')).toEqual([])
  if (found.some(mark => mark.does === 'maybe'))
    console.log(
      name,
      found.filter(mark => mark.does === 'maybe'),
    )
})
