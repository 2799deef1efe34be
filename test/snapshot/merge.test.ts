import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { mergeSnapshots } from '../../src/snapshot/merge.ts'
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
  expect(() => mergeSnapshots([...both])).toThrow('first.json and second.json both show a process 4242.')
})
