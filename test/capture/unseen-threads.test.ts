/** Threads whose stacks nobody read are not called healthy, unless something else shows that they get on. */
import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { readStat } from '../../src/process/stat.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { until } from './support.ts'

async function lookAt(pid: number, options = {}) {
  const snapshot = await capture(pid, { inspector: false, ...options })
  return { process: snapshot.processes[0]!, ...diagnose(snapshot) }
}

describe('without the inspector', () => {
  test('threads that spin for locks of each other are busy, and the report says what would show them', async () => {
    const { pid } = await startFixture('locks-atomics/spinning.mjs')
    const { process, verdict, findings, threads } = await lookAt(pid)
    expect(verdict).toEqual({
      status: 'busy',
      summary: 'main thread has not come back to its event loop in 2 looks',
    })
    expect(findings[0]!.explanation).toMatch(/its stack was not read/)
    expect(threads[1]!.summary).toBe('runs, and whether it gets on is not known: its stack was not read')
    expect(process.gaps[0]!.what).toBe('the JavaScript stacks of all threads')
    expect(process.gaps[0]!.remedy).toMatch(/--allow-stop/)
  })

  test('one that computes in slices is healthy: its loop turns', async () => {
    const { pid } = await startFixture('memory/computes-in-slices.mjs')
    for (const allowStop of [false, true])
      expect((await lookAt(pid, { allowStop })).verdict.status).toBe('healthy')
  })

  test('a chain of promise callbacks is no progress, whatever functions are seen in it', async () => {
    const { pid } = await startFixture('microtask-starvation.mjs')
    expect((await lookAt(pid, { allowStop: true })).verdict).toEqual({
      status: 'busy',
      // One look may meet it between two callbacks.
      summary: expect.stringMatching(
        /^main thread has not come back (to its event loop|from one call) in 2 looks/,
      ),
    })
  })

  test('a worker whose stack is nothing but its event loop idles', async () => {
    const { pid } = await startFixture('locks-atomics/holder-has-thrown.mjs')
    const { process } = await lookAt(pid)
    const worker = process.threads.find(({ role }) => role === 'worker')!
    expect(worker.seenBy).toContain('memory')
    expect(worker.looks.at(-1)!.activity).toEqual({ kind: 'event-loop' })
  })
})

test('a worker in native code beside a main thread that answers is busy, and what would show its stack is said', async () => {
  const { pid } = await startFixture('memory/computes-natively.cjs', {
    execArgv: ['--inspect-port=0'],
    args: ['worker'],
  })
  const before = readStat(pid)!.userMs
  await until(() => readStat(pid)!.userMs > before + 300)
  const { process, verdict } = await lookAt(pid, { inspector: true })
  expect(verdict.status).toBe('busy')
  expect(verdict.summary).toMatch(/^worker 1 .*runs in native code, or does not answer/)
  expect(process.gaps.find(({ thread }) => thread?.endsWith('/t1'))!.remedy).toMatch(/--allow-stop/)
})
