/**
 * What the programs of the lock rules say of themselves at their own lines, found without the inspector. Variables in registers have no names in
 * memory, so not all of it is found; but nothing else may be, and then nobody is accused.
 */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { captureCore } from '../../src/capture/core.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { foundIn } from '../locks/support/found.ts'
import { type Mark, marksIn } from '../locks/support/marks.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { kernelWritesCores, writeCore } from '../support/write-core.ts'
import { asleep } from './support.ts'

/** Deadlocks all of whose edges memory proves. */
const proved = [
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
  'owner-word.mjs',
  'read-write-upgrade.mjs',
  'hand-over-hand-list.mjs',
  'released-by-finally.mjs',
  'async-callee.mjs',
  'hot-frames.mjs',
  'tries-in-a-method.mjs',
  'tries-in-a-function.mjs',
  'read-write-reads-inside.mjs',
]

/** Healthy ones, and such as a register keeps from being proved. */
const unaccused = [
  'condition.mjs',
  'loops.mjs',
  'hand-over-hand.mjs',
  'hand-over-hand-walk.mjs',
  'not-taken.mjs',
  'slow-holder.mjs',
  'closures-and-generators.mjs',
  'job-pool.mjs',
  'reassigned.mjs',
  'calls-of-all-kinds.mjs',
  'nested-loops.mjs',
  'signalling.mjs',
  'guarded-recursion.mjs',
  'generation.mjs',
  'unreadable-receiver.mjs',
  'for-each.mjs',
  'spinning.mjs',
  'spinning-reentered.mjs',
  'spinning-behind-a-sleeper.mjs',
  'made-on-demand.mjs',
  'made-on-demand-bound.mjs',
]

/** Hangs that show only where it is known which threads run JavaScript: from Node 22 on. */
const withAllThreads = [
  ['semaphore-both-units.mjs', 'deadlock'],
  ['pool-of-two.mjs', 'suspected'],
] as const

const sinceUsing = new Set(['using-guard.mjs'])

/** `29: philosopher 0 holds`: before Node 22 the names of workers are nowhere. */
function places(marks: readonly Mark[], major: number): readonly string[] {
  return marks.map(({ thread, does, line }) =>
    [`${line}:`, major >= 22 || thread === 'main' ? thread : 'a worker', does].join(' '),
  )
}

describe.each(targetNodes())('on Node $major', ({ major, path }) => {
  const runs = (file: string) => major >= 24 || !sinceUsing.has(file)
  const look = async (file: string) => {
    const program = await startFixture(`locks-atomics/${file}`, { node: path })
    await new Promise(resolve => setTimeout(resolve, 100))
    const snapshot = await capture(program.pid, { inspector: false })
    const found = places(foundIn(snapshot), major)
    const marked = places(marksIn(`locks-atomics/${file}`), major)
    return { status: diagnose(snapshot).verdict.status, found, marked }
  }

  test.each(proved.filter(runs))('%s is proved', async file => {
    const { status, found, marked } = await look(file)
    expect([...found].sort()).toEqual([...marked].sort())
    expect(status).toBe('deadlock')
  })

  test.each(unaccused.filter(runs))('%s accuses nobody', async file => {
    const { status, found, marked } = await look(file)
    const sure = found.filter(place => / holds$/.test(place))
    for (const place of sure) expect(marked).toContain(place)
    expect(status).not.toMatch(/deadlock|suspected/)
  })

  test.each(withAllThreads)('%s is %s, since all threads are known', async (file, expected) => {
    const { status } = await look(file)
    expect(status).toBe(expected)
  })

  // Then all threads block the signal by which V8's own are known.
  test.runIf(major >= 22)('philosophers.mjs where SIGUSR1 is disabled', async () => {
    const execArgv = ['--disable-sigusr1']
    const { pid } = await startFixture('locks-atomics/philosophers.mjs', { node: path, execArgv })
    await new Promise(resolve => setTimeout(resolve, 100))
    const snapshot = await capture(pid)
    const marked = places(marksIn('locks-atomics/philosophers.mjs'), major)
    expect(places(foundIn(snapshot), major).toSorted()).toEqual([...marked].sort())
    expect(diagnose(snapshot).verdict.status).toBe('deadlock')
  })

  test.runIf(kernelWritesCores).each(['philosophers.mjs', 'slow-holder.mjs'])('%s in a core', async file => {
    const core = await writeCore('kernel', `locks-atomics/${file}`, { node: path }, asleep)
    const snapshot = await captureCore(core.file)
    const found = places(foundIn(snapshot), major)
    const marked = places(marksIn(`locks-atomics/${file}`), major)
    const { status } = diagnose(snapshot).verdict
    if (proved.includes(file)) expect([...found].sort()).toEqual([...marked].sort())
    expect(status).toBe(proved.includes(file) ? 'deadlock' : 'blocked')
  })
})
