import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { timelines } from '../../src/diagnosis/timeline.ts'
import { renderDifference } from '../../src/report/difference.ts'
import { renderText } from '../../src/report/text.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { abba, busy, healthy } from './scenes.ts'

const later = (snapshot: Snapshot): Snapshot => ({ ...snapshot, capturedAt: '2026-01-02T03:09:05.678Z' })
const side = (name: string, snapshot: Snapshot) => ({ name, snapshot, diagnosis: diagnose(snapshot) })

test('what is new, gone, and moved', async () => {
  const text = renderDifference(side('before.json', busy()), side('after.json', later(abba())))
  await expect(text).toMatchFileSnapshot('golden/busy-to-abba.difference.txt')
})

test('two equal ones: the finding stays, nothing else is told', () => {
  const text = renderDifference(side('before.json', abba()), side('after.json', later(abba())))
  expect(text).toContain('still  deadlock: main thread and worker 1 wait for each other')
  expect(text).not.toMatch(/THREADS|LOCKS/)
})

test('a process that has another pid now is compared by place', () => {
  const other = JSON.parse(JSON.stringify(abba()).replaceAll('4242', '777')) as Snapshot
  const text = renderDifference(side('monday.json', abba()), side('tuesday.json', later(other)))
  expect(text).toContain('still  deadlock')
  expect(text).not.toMatch(/new|gone|moved/)
})

test('a timeline tells who stood and who moved', async () => {
  const all = [healthy(), abba(), later(abba())]
  const [timeline, ...others] = timelines(all)
  expect(others).toEqual([])
  expect(timeline!.threads.map(({ name, stood }) => [name, stood])).toContainEqual(['the main thread', false])
  const two = timelines([abba(), later(abba())])
  expect(two[0]!.threads.map(({ stood }) => stood)).toEqual([true, true])
  const text = renderText(abba(), diagnose(abba()), { timelines: two })
  expect(text).toContain('TIMELINE  process 4242, 2 snapshots from')
  expect(text.replaceAll(/\s+/g, ' ')).toContain('main thread stood all the time: is parked in Atomics.wait')
})
