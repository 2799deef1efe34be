import { expect, test } from 'vitest'
import { toldGaps } from '../../src/report/gaps.ts'
import type { Process, Snapshot } from '../../src/snapshot/model.ts'

const thread = (number: number) => ({
  id: `p1/t${number}`,
  threadId: number,
  name: '',
  role: number === 0 ? 'main' : 'worker',
})
const gap = (number?: number) => ({
  what: 'a stack',
  reason: 'It did not answer.',
  remedy: 'Look again.',
  ...(number !== undefined && { thread: `p1/t${number}` }),
})
const gapsOf = (processes: readonly Process[]) => toldGaps({ processes } as unknown as Snapshot)
const process = (...threads: (number | undefined)[]) =>
  ({ id: 'p1', pid: 1, threads: [0, 1, 2, 3, 4].map(thread), gaps: threads.map(gap) }) as unknown as Process

test('what is not seen of several threads is said once, with their names', () => {
  expect(gapsOf([process(0, 2)]).map(({ what }) => what)).toEqual(['a stack of the main thread and worker 2'])
  expect(gapsOf([process(1, 2, 3, 4)]).map(({ what }) => what)).toEqual(['a stack of 4 threads'])
})

test('of one thread it is said as it is, of two processes with both', () => {
  const [told, ...more] = gapsOf([process(1), { ...process(undefined), id: 'p2', pid: 2 }])
  expect([told?.of, told?.what, more]).toEqual(['processes 1 and 2: ', 'a stack', []])
})
