import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { timelines } from '../../src/diagnosis/timeline.ts'
import { renderText } from '../../src/report/text.ts'
import { incoherence } from '../../src/snapshot/coherence.ts'
import { arrange, mergeSnapshots } from '../../src/snapshot/merge.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { snapshot as schema } from '../../src/snapshot/schema.ts'
import * as scenes from '../report/scenes.ts'

const named = (name: string, snapshot: Snapshot) => ({ name, snapshot })
const elsewhere = (snapshot: Snapshot, pid: string): Snapshot =>
  JSON.parse(JSON.stringify(snapshot).replaceAll('4242', pid))

test('one alone stays as it is', () => {
  const snapshot = scenes.abba()
  expect(mergeSnapshots([named('a', snapshot)])).toBe(snapshot)
})

test('two processes make one graph, whose parts say what each said alone', () => {
  const parts = [scenes.abba(), elsewhere(scenes.philosophers(), '777'), elsewhere(scenes.idle(), '888')]
  const [first, ...others] = parts.map((snapshot, at) => named(`${at}`, snapshot))
  const merged = mergeSnapshots([first!, ...others])
  expect(schema.parse(merged)).toEqual(merged)
  expect(new Set(merged.resources.map(({ id }) => id)).size).toBe(merged.resources.length)
  const alone = parts.map(snapshot => diagnose(snapshot))
  const together = diagnose(merged)
  expect(together.processes.map(({ status }) => status)).toEqual(['deadlock', 'deadlock', 'idle'])
  expect(together.findings.map(({ parties }) => parties)).toEqual(
    alone.flatMap(({ findings }) => findings.map(({ parties }) => parties)),
  )
  expect(together.findings[1]!.cycle.map(({ resource }) => resource.label).sort()).toEqual(
    alone[1]!.findings[0]!.cycle.map(({ resource }) => resource.label).sort(),
  )
})

test('two that show one process are refused by name', () => {
  const both = [named('first.json', scenes.abba()), named('second.json', scenes.queue())] as const
  expect(() => mergeSnapshots([...both])).toThrow('first.json and second.json both show process 4242,')
})

test('two of one pid on two machines are two processes, which are named with their machines', () => {
  const other = scenes.queue()
  const there: Snapshot = { ...other, host: { ...other.host, name: 'db-1' } }
  const parts = [named('here.json', scenes.abba()), named('there.json', there)] as const
  const { newest, earlier } = arrange([...parts])
  expect(earlier).toEqual([])
  const merged = mergeSnapshots(newest)
  expect(schema.parse(merged)).toEqual(merged)
  expect(incoherence(merged)).toBeUndefined()
  expect(merged.processes.map(({ id, pid, label }) => [id, pid, label])).toEqual([
    ['p4242', 4242, '4242 on ci-7'],
    ['p4242-2', 4242, '4242 on db-1'],
  ])
  const diagnosis = diagnose(merged)
  const alone = [scenes.abba(), scenes.queue()].map(snapshot => diagnose(snapshot))
  expect(diagnosis.processes.map(({ status }) => status)).toEqual(['deadlock', 'deadlock'])
  expect(diagnosis.findings.map(({ kind }) => kind).sort()).toEqual(
    alone.flatMap(({ findings }) => findings.map(({ kind }) => kind)).sort(),
  )
  const text = renderText(merged, diagnosis)
  expect(text).toContain('main thread of process 4242 on db-1')
  expect(text).toContain('THREADS  process 4242 on ci-7, node')
  // What is written and read again can be merged once more.
  const again = mergeSnapshots([
    named('both.json', merged),
    named('third.json', elsewhere(scenes.idle(), '9')),
  ])
  expect(again.processes.map(({ id }) => id)).toEqual(['p4242', 'p4242-2', 'p9'])
})

test('two starts of one pid on one machine are two processes, and each has its own timeline', () => {
  const first = scenes.abba()
  const restarted: Snapshot = {
    ...scenes.queue(),
    capturedAt: '2026-11-23T12:00:00.000Z',
    processes: scenes.queue().processes.map(process => ({
      ...process,
      startTicks: 7000,
      startedAt: '2026-11-23T11:00:00.000Z',
    })),
  }
  const later = { ...restarted, capturedAt: '2026-11-23T12:05:00.000Z' }
  const { newest, earlier } = arrange([
    named('monday.json', first),
    named('tuesday.json', restarted),
    named('later.json', later),
  ])
  const merged = mergeSnapshots(newest)
  expect(merged.processes.map(({ label }) => label)).toEqual([
    '4242 (started 2026-11-22T10:00:00.000Z)',
    '4242 (started 2026-11-23T11:00:00.000Z)',
  ])
  expect(timelines([...earlier, merged]).map(({ process, times }) => [process, times])).toEqual([
    ['p4242-2', ['2026-11-23T12:00:00.000Z', merged.capturedAt]],
  ])
})
