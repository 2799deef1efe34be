import { expect, test } from 'vitest'
import { workOfOthers } from '../../src/process/other-threads.ts'
import type { KernelThread } from '../../src/process/threads.ts'

interface Short {
  readonly role: KernelThread['role']
  readonly call?: 'futex' | 'epoll_pwait' | 'read'
  /** The word that it sleeps at. */
  readonly at?: bigint
  readonly limit?: bigint
  readonly comm?: string
}

function thread(tid: number, { role, call, at = 0x1000n, limit = 0n, comm = 'node' }: Short): KernelThread {
  const args = [at, 0x189n, 0n, limit, 0n, 0n]
  return {
    tid,
    comm,
    startTicks: 1,
    role,
    sure: true,
    mayBeWorker: false,
    call: call === undefined ? null : { number: 0, arguments: args, stackPointer: 1n },
    view: {
      state: call === undefined ? 'R' : 'S',
      systemCall: call === undefined ? null : { number: 0, name: call, meaning: call, arguments: [] },
      waitChannel: null,
      cpuMs: 0,
      voluntarySwitches: 0,
      involuntarySwitches: 0,
    },
  }
}

const work = (...threads: Short[]) =>
  workOfOthers(
    threads.map((one, index) => thread(index + 10, one)),
    new Set([1]),
  ).map(({ kind, text, outside }) => `${outside ? '' : 'inside '}${kind}: ${text}`)

const resting: Short[] = [
  { role: 'v8', call: 'epoll_pwait' },
  { role: 'v8', call: 'futex' },
  { role: 'v8', call: 'futex', at: 0x1004n },
  { role: 'libuv-pool', call: 'futex', at: 0x2000n },
  { role: 'libuv-pool', call: 'futex', at: 0x2004n },
  { role: 'inspector', call: 'futex', at: 0x3000n },
  { role: 'inspector', call: 'epoll_pwait' },
]

test('threads of Node that have nothing to do bring nothing', () => {
  expect(work(...resting)).toEqual([])
})

test('a thread of the pool that runs, or stands in a call, is at work', () => {
  expect(work(...resting, { role: 'libuv-pool' })).toEqual(['pool work: 1 thread of the pool at work'])
  expect(work(...resting, { role: 'libuv-pool' }, { role: 'libuv-pool', call: 'read' })).toEqual([
    'pool work: 2 threads of the pool at work',
  ])
})

test('who sleeps with a time limit, or elsewhere than the others, does not wait for work', () => {
  expect(work(...resting, { role: 'libuv-pool', call: 'futex', at: 0x2000n, limit: 1n })).toHaveLength(1)
  expect(work(...resting, { role: 'libuv-pool', call: 'futex', at: 0x9000n })).toEqual([
    'pool work: the threads of the pool, which do not all wait for work',
  ])
})

test('a compilation on a thread of V8 may wake a loop', () => {
  expect(work(...resting, { role: 'v8' })).toEqual(['V8 work: work of V8 on another thread'])
})

test('of threads of addons, and of workers that were not seen, nothing is known', () => {
  expect(
    work(
      ...resting,
      { role: 'other', call: 'futex', comm: 'tokio' },
      { role: 'worker', call: 'epoll_pwait' },
    ),
  ).toEqual([
    'native thread: the thread "tokio" (tid 17), of which nothing is known',
    'native thread: the thread "node" (tid 18), of which nothing is known',
  ])
  expect(work(...resting, { role: 'inspector', call: 'epoll_pwait', comm: 'asio' })).toEqual([
    'native thread: the thread "asio" (tid 17), of which nothing is known',
  ])
})
