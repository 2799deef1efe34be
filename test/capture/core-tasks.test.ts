/** Suspended functions in core files: the tasks, locks and verdicts that the living process would have given. */
import { describe, expect, test } from 'vitest'
import { captureCore } from '../../src/capture/core.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { hasGdb, kernelWritesCores, writeCore } from '../support/write-core.ts'
import { asleep } from './support.ts'

const writers = [...(kernelWritesCores ? ['kernel' as const] : []), ...(hasGdb ? ['gcore' as const] : [])]

describe.each(targetNodes())('Node $major', ({ path, major }) => {
  // gcore writes all that is reserved: from Node 22 on many gigabytes.
  test.each(writers.filter(by => by === 'kernel' || major === 20))(
    'by %s: tasks that wait for each other, with the lines of their awaits',
    async by => {
      const { file } = await writeCore(by, 'async/locks/crossed-mutexes.mjs', { node: path }, asleep)
      const snapshot = await captureCore(file)
      const tasks = snapshot.processes[0]!.tasks ?? []
      const places = tasks.map(({ frames }) => frames.find(({ owner }) => owner === 'program'))
      const waiting = places.filter(place => place?.function === 'transfer')
      expect(waiting.map(place => place?.line)).toEqual([18, 18])
      const { verdict, findings } = diagnose(snapshot)
      expect(verdict.status).toBe('deadlock')
      expect(findings[0]).toMatchObject({ kind: 'cycle', status: 'deadlock' })
      expect(findings[0]!.parties).toHaveLength(2)
      const held = snapshot.holds.filter(({ sure }) => sure)
      expect(held.map(({ acquiredAt }) => 'line' in acquiredAt && acquiredAt.line)).toEqual([15, 15])
    },
    60_000,
  )

  test.runIf(kernelWritesCores).each(['slow-holder.mjs', 'queue-consumers.mjs', 'holder-sleeps.mjs'])(
    'healthy: %s',
    async file => {
      const core = await writeCore('kernel', `async/healthy/${file}`, { node: path }, asleep)
      const snapshot = await captureCore(core.file)
      expect(snapshot.processes[0]!.tasks?.length).toBeGreaterThan(0)
      expect(diagnose(snapshot).verdict.status).not.toMatch(/deadlock|suspected/)
    },
  )

  test.runIf(kernelWritesCores)('all isolates: the tasks of workers are their own', async () => {
    const core = await writeCore('kernel', 'async/isolates.mjs', { node: path }, asleep)
    const snapshot = await captureCore(core.file)
    const threads = new Set((snapshot.processes[0]!.tasks ?? []).map(({ thread }) => thread))
    expect(threads.size).toBe(3)
  })
})
