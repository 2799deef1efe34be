/** Heaps of several isolates, of programs that run, and of those that may not be read. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readHeaps } from '../../../src/heap/memory/read-heaps.ts'
import { targetNodes } from '../../support/node-versions.ts'
import { startFixture } from '../../support/spawn-fixture.ts'
import { heapsOf, markedLines, ownActivations } from './support.ts'

describe.each(targetNodes())('Node $major', ({ path }) => {
  test('each worker has its heap, joined with its thread', async () => {
    const fixture = await startFixture('async/isolates.mjs', { node: path })
    const heaps = await heapsOf(fixture.pid, found => found.length === 3)
    const line = markedLines('isolates.mjs').get('stuck')
    const seen = heaps.map(({ graph, tid }) => {
      const own = ownActivations(graph)
      expect(own.map(({ at }) => at?.line)).toEqual([line])
      expect(own[0]!.promises.map(promise => graph.state(promise))).toEqual(['pending'])
      return { thread: own[0]!.registers[0], tid, isolate: graph.isolate }
    })
    expect(seen.map(({ thread }) => thread)).toEqual([
      { kind: 'text', value: 'main' },
      expect.anything(),
      expect.anything(),
    ])
    expect(seen[0]!.tid).toBe(fixture.pid)
    expect(new Set(seen.map(({ tid }) => tid)).size).toBe(3)
    expect(new Set(seen.map(({ isolate }) => isolate)).size).toBe(3)
    for (const { tid } of seen.slice(1)) {
      // Node 24 and later name the threads of workers.
      const name = readFileSync(`/proc/${fixture.pid}/task/${tid}/comm`, 'utf8').trim()
      expect(name).toMatch(/^(node|MainThread|\[worker|WorkerThread|node-worker).*/i)
    }
  })

  test('a heap that changes while it is read says so, and what stays is seen', async () => {
    const fixture = await startFixture('async/busy.mjs', { node: path })
    const line = markedLines('busy.mjs').get('stuck')
    const reading = await readHeaps(fixture.pid, { attempts: 1 })
    if ('gap' in reading) throw new Error(reading.gap.reason)
    onTestFinished(() => reading.close())
    const { graph } = reading.heaps[0]!
    expect(graph.consistent).toMatch(/ran while its memory was read/)
    const stuck = graph.activations().filter(({ at }) => at?.line === line)
    expect(stuck.length).toBeLessThanOrEqual(20)
  })
})

test('what cannot be read is a gap with a reason and a remedy', async () => {
  expect(await readHeaps(2 ** 22 + 1)).toMatchObject({
    gap: { reason: expect.any(String), remedy: expect.any(String) },
  })
  const sleep = spawn('sleep', ['60'])
  onTestFinished(() => void sleep.kill('SIGKILL'))
  expect(await readHeaps(sleep.pid!)).toEqual({
    gap: { what: 'async tasks', reason: expect.stringMatching(/V8/), remedy: expect.any(String) },
  })
  const fixture = await startFixture('async/collected.mjs')
  expect(await readHeaps(fixture.pid, { largest: 2 ** 20 })).toMatchObject({
    gap: { reason: expect.stringMatching(/^its heap \(\d+ MB\) is larger than what is read \(1 MB\)$/) },
  })
})
