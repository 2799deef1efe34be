/**
 * Which kernel thread runs which worker: nothing says it. Each worker is therefore given a number, and is spoken to in
 * the rounds that the number's bits name; the thread whose count of voluntary context switches rose in just these rounds
 * is the worker's. Speaking is an evaluation of `0`: no code of the program runs, and nothing is written.
 */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { type KernelThread, switches } from '../process/threads.ts'
import type { Unknown } from '../snapshot/model.ts'
import { type Clock, sleep } from './clock.ts'

/** Kernel thread ids by worker thread id. */
export type KernelIds = ReadonlyMap<number, number | Unknown>

/** Longer than a woken thread takes to answer and to sleep again, on a machine that has a processor for it. */
const SETTLE_MS = 1
/** How often those that were spoken to are given that time, while some of them do not sleep yet. */
const MOST_SETTLES = 8
/** What was not told apart, since a thread slept late, is tried again. */
const MOST_TRIES = 2

/** Maps workers to kernel threads, by elimination where one of each is left. */
export async function mapWorkers(
  { pid }: { readonly pid: number; readonly arch: string },
  [main, ...workers]: readonly InspectedThread[],
  kernelThreads: readonly KernelThread[],
  clock: Clock,
): Promise<KernelIds> {
  const sure = kernelThreads.filter(thread => thread.role === 'worker' && thread.sure)
  // By its name the inspector's thread is known; a worker that turns its loop may well wake at the same time.
  const isKnown = sure.length >= workers.length || kernelThreads.some(({ comm }) => comm === 'InspectorIo')
  const relays = isKnown ? new Set<number>() : await relaysOf(pid, main!, kernelThreads, clock)
  const candidates = (
    sure.length >= workers.length ? sure : kernelThreads.filter(thread => thread.mayBeWorker)
  )
    .map(({ tid }) => tid)
    .filter(tid => !relays.has(tid))
  const found = new Map<number, number | Unknown>()
  const taken = new Set<number>()
  let [left, unmapped] = [candidates, workers]
  for (let attempt = 1; attempt <= MOST_TRIES && (unmapped.length > 1 || left.length > 1); attempt += 1) {
    for (const [worker, tid] of await byRounds(pid, unmapped, left, clock)) {
      found.set(worker, tid)
      taken.add(tid)
    }
    left = candidates.filter(tid => !taken.has(tid))
    unmapped = workers.filter(worker => !found.has(worker.threadId))
    if (unmapped.length === 0) break
  }
  // Those that sleep and answer nobody stand in native code. Workers are numbered as they are started, and so are their threads.
  const silent = left.every(tid => sure.some(thread => thread.tid === tid && thread.view.state === 'S'))
  if (silent && left.length === unmapped.length && unmapped.length > 1) {
    const inOrder = unmapped.toSorted((a, b) => a.threadId - b.threadId)
    for (const [index, worker] of inOrder.entries()) found.set(worker.threadId, left[index]!)
    return found
  }
  // One that did not sleep computes: so does the kernel thread that it is.
  const computing = kernelThreads.filter(({ tid, role }) => left.includes(tid) && role === 'worker')
  const last = left.length === 1 ? left[0] : computing.length === 1 ? computing[0]!.tid : undefined
  for (const worker of unmapped) {
    if (unmapped.length === 1 && last !== undefined) found.set(worker.threadId, last)
    else
      found.set(worker.threadId, {
        unknown: `it did not sleep while it was being told apart from ${unmapped.length - 1} others`,
      })
  }
  return found
}

/** The threads that wake when the main thread is spoken to: that of the inspector carries all messages, and is no worker. */
async function relaysOf(
  pid: number,
  main: InspectedThread,
  kernelThreads: readonly KernelThread[],
  clock: Clock,
): Promise<ReadonlySet<number>> {
  const tids = kernelThreads.filter(({ mayBeWorker }) => mayBeWorker).map(({ tid }) => tid)
  const before = switches(pid, tids)
  await main.session.send('Runtime.evaluate', { expression: '0', silent: true }, clock.limit(100))
  await sleep(SETTLE_MS)
  const after = switches(pid, tids)
  return new Set(tids.filter(tid => (after.get(tid)?.voluntary ?? 0) > (before.get(tid)?.voluntary ?? 0)))
}

async function byRounds(
  pid: number,
  workers: readonly InspectedThread[],
  candidates: readonly number[],
  clock: Clock,
): Promise<ReadonlyMap<number, number>> {
  const numbers = new Map(workers.map((worker, index) => [worker, index + 1]))
  const patterns = new Map<number, number>()
  for (let bit = 1; bit <= workers.length; bit *= 2) {
    const spokenTo = workers.filter(worker => (numbers.get(worker)! & bit) !== 0)
    const before = switches(pid, candidates)
    await Promise.all(
      spokenTo.map(worker =>
        worker.session.send('Runtime.evaluate', { expression: '0', silent: true }, clock.limit(100)),
      ),
    )
    let slept: readonly number[] = []
    for (let settle = 0; settle < MOST_SETTLES && slept.length < spokenTo.length; settle += 1) {
      await sleep(SETTLE_MS)
      const after = switches(pid, candidates)
      slept = candidates.filter(tid => (after.get(tid)?.voluntary ?? 0) > (before.get(tid)?.voluntary ?? 0))
    }
    for (const tid of slept) patterns.set(tid, (patterns.get(tid) ?? 0) | bit)
  }
  return uniquePatterns(numbers, patterns)
}

/** A number that exactly one thread shows. */
function uniquePatterns(
  numbers: ReadonlyMap<InspectedThread, number>,
  patterns: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (const [worker, number] of numbers) {
    const tids = [...patterns].filter(([, pattern]) => pattern === number)
    if (tids.length === 1) found.set(worker.threadId, tids[0]![0])
  }
  return found
}
