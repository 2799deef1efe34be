/** Every program says at its own lines who holds and who waits: nothing else may be found. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { asText, foundIn } from './support/found.ts'
import { marksIn } from './support/marks.ts'

const programs = [
  'plain-functions.mjs',
  'queue-reentered.mjs',
  'queue-callback.mjs',
  'philosophers.mjs',
  'lock-table.mjs',
  'helper-chain.mjs',
  'using-guard.mjs',
  'guard-object.mjs',
  'ticket.mjs',
  'ticket-functions.mjs',
  'semaphore-both-units.mjs',
  'owner-word.mjs',
  'condition.mjs',
  'read-write-upgrade.mjs',
  'loops.mjs',
  'hand-over-hand.mjs',
  'hand-over-hand-walk.mjs',
  'hand-over-hand-list.mjs',
  'released-by-finally.mjs',
  'not-taken.mjs',
  'slow-holder.mjs',
  'closures-and-generators.mjs',
  'job-pool.mjs',
  'reassigned.mjs',
  'calls-of-all-kinds.mjs',
  'async-callee.mjs',
  'nested-loops.mjs',
  'signalling.mjs',
  'pool-of-two.mjs',
  'pool-of-two-alone.mjs',
  'counting-forms.mjs',
  'timed-retries.cjs',
  'guarded-recursion.mjs',
  'generation.mjs',
  'unreadable-receiver.mjs',
  'hot-frames.mjs',
  'for-each.mjs',
  'spinning.mjs',
  'spinning-reentered.mjs',
  'spinning-behind-a-sleeper.mjs',
  'spinning-behind-a-deadlock.mjs',
  'tries-in-a-method.mjs',
  'tries-in-a-function.mjs',
  'made-on-demand.mjs',
  'made-on-demand-bound.mjs',
  'read-write-reads-inside.mjs',
  'named-slots.mjs',
]
/** Programs made of strings, whose lines are not the file's. */
const inStrings: Record<string, readonly string[]> = {
  'timed-retries.cjs': [
    '22: main holds named[1]',
    '23: other holds named[2]',
    '25: main waits named[2]',
    '26: other waits named[1]',
  ],
}
const sinceUsing = new Set(['using-guard.mjs'])

describe.each(targetNodes())('on Node $major', ({ major, path }) => {
  test.each(programs.filter(one => major >= 24 || !sinceUsing.has(one)))('%s', async file => {
    const program = await startFixture(`locks-atomics/${file}`, {
      node: path,
      execArgv: ['--inspect-port=0'],
    })
    await new Promise(resolve => setTimeout(resolve, 50))
    const snapshot = await capture(program.pid)
    expect(asText(foundIn(snapshot))).toEqual(inStrings[file] ?? asText(marksIn(`locks-atomics/${file}`)))
  })
})
