/** The locks of JavaScript on stacks that were read from memory: the same rules as for paused threads ask frames, contexts and objects. */
import { type LockFacts, recogniseLocks } from '../locks/recognise.ts'
import { LiveMemory } from '../memory/live-memory.ts'
import type { Memory } from '../memory/memory.ts'
import type { ThreadStack } from '../memory/stack-functions.ts'
import { Heap } from '../memory/v8/heap.ts'
import { Objects } from '../memory/v8/objects.ts'
import { threadNumber } from '../memory/v8/thread-number.ts'
import { switches } from '../process/threads.ts'
import { isUnknown, type Thread } from '../snapshot/model.ts'
import { sleep } from './clock.ts'
import { activationsInMemory, type SuspendedTask, withFrameNumbers } from './memory-activations.ts'
import type { MemoryFrames } from './memory-frames.ts'
import { isStill } from './native-waits.ts'
import { needsSecondReading } from './second-reading.ts'
import type { StackFrames } from './stack-frames.ts'
import { wordsOf } from './wasm-words.ts'

/** A JavaScript thread, with the stack that its memory shows, if it shows one. */
export interface ThreadInMemory {
  readonly thread: Thread
  readonly stack: ThreadStack | undefined
}

/**
 * Who waits for which lock, and who holds it; `threads`: all that run JavaScript. `before`: what an earlier reading found. `suspended`: who
 * may hold something too.
 */
export async function locksInMemory(
  memory: Memory,
  threads: readonly ThreadInMemory[],
  frames: StackFrames,
  allKnown: boolean,
  before?: LockFacts,
  suspended: readonly SuspendedTask[] = [],
): Promise<LockFacts> {
  const seen = threads.flatMap(({ thread: { id, looks }, stack }) =>
    stack === undefined ? [] : [{ party: id, stack, frames: looks.at(-1)?.frames ?? [] }],
  )
  const read = activationsInMemory(memory, seen, frames, suspended)
  if (read === undefined) return { resources: [], holds: [], productions: [], waits: [] }
  const others = threads.flatMap(({ thread: { id, looks } }) =>
    read.stacks.has(id) ? [] : [{ party: id, idle: looks.at(-1)?.activity.kind === 'event-loop' }],
  )
  const facts = await recogniseLocks(
    read.stacks,
    frames.syntax,
    frames,
    read.values,
    allKnown ? others : undefined,
    before,
    wordsOf(seen),
  )
  return withFrameNumbers(facts, seen)
}

/** Workers with their numbers and names, where their memory tells them. */
export function withNumbers(memory: Memory, threads: readonly ThreadInMemory[]): readonly Thread[] {
  const found = threads.map(({ thread, stack }) => {
    if (thread.role !== 'worker' || thread.threadId !== null || stack === undefined) return thread
    const closures = stack.functions.flatMap(({ slots }) => slots?.closure ?? [])
    const number = threadNumber(new Objects(new Heap(memory, stack.layout)), closures)
    if (number === undefined || number.threadId === 0) return thread
    const { threadId, name } = number
    return { ...thread, id: `${thread.id.split('/')[0]}/t${threadId}`, threadId, name }
  })
  // A number that two have is neither's.
  const isAlone = ({ id }: Thread) => found.filter(one => one.id === id).length === 1
  return found.map((thread, at) => (isAlone(thread) ? thread : threads[at]!.thread))
}

/** The same of a living process. */
export function withNumbersOf(
  pid: number,
  threads: readonly Thread[],
  frames: MemoryFrames,
): readonly Thread[] {
  const memory = LiveMemory.open(pid, BUDGET)
  if (isUnknown(memory)) return threads
  try {
    return withNumbers(
      memory,
      threads.map(thread => ({
        thread,
        stack: isUnknown(thread.tid) ? undefined : frames.restingStack(thread.tid),
      })),
    )
  } finally {
    memory.close()
  }
}

const BUDGET = 64 * 2 ** 20
/** Between two readings of a word that may be on its way, milliseconds. */
const BETWEEN_READINGS_MS = 30

/**
 * The same of a living process: of the threads that rest, in the waits that their stacks were read in. Threads that wait come back with the
 * span in which they never left it. `allKnown`: `threads` are all that may run JavaScript.
 */
export async function locksOfProcess(
  pid: number,
  threads: readonly Thread[],
  frames: MemoryFrames,
  allKnown: boolean,
  now: () => number,
): Promise<{ readonly threads: readonly Thread[]; readonly facts: LockFacts }> {
  const moving = new Set<string>()
  let before: LockFacts | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const asked = threads.map(thread => {
      const stack =
        moving.has(thread.id) || isUnknown(thread.tid) ? undefined : frames.restingStack(thread.tid)
      return { thread, stack }
    })
    const memory = LiveMemory.open(pid, BUDGET)
    if (isUnknown(memory)) break
    let facts: LockFacts
    try {
      facts = await locksInMemory(memory, asked, frames.texts, allKnown, before)
    } finally {
      memory.close()
    }
    const moved = asked.filter(
      ({ thread: { tid }, stack }) =>
        stack !== undefined && !isUnknown(tid) && frames.restingStack(tid) === undefined,
    )
    for (const { thread } of moved) moving.add(thread.id)
    if (moved.length > 0) continue
    if (before === undefined && needsSecondReading(facts)) {
      before = facts
      await sleep(BETWEEN_READINGS_MS)
      continue
    }
    return { threads: withCalls(withSpans(pid, threads, facts, now()), facts), facts }
  }
  return { threads, facts: { resources: [], holds: [], productions: [], waits: [] } }
}

const ATTEMPTS = 4

/** With the span in which those that wait, or hold something, stood still. */
function withSpans(
  pid: number,
  threads: readonly Thread[],
  { waits, holds }: LockFacts,
  at: number,
): readonly Thread[] {
  const parties = new Set([...waits, ...holds].map(({ party }) => party))
  const tids = threads.flatMap(({ id, tid }) => (parties.has(id) && !isUnknown(tid) ? [tid] : []))
  const counted = switches(pid, tids)
  return threads.map(thread => {
    const stays = !isUnknown(thread.tid) && isStill(thread, counted.get(thread.tid))
    return stays ? { ...thread, undisturbed: { from: thread.looks[0]!.at, to: at } } : thread
  })
}

/** With the words of the source for what parked threads wait for. */
export function withCalls(threads: readonly Thread[], { waits }: LockFacts): Thread[] {
  return threads.map(thread => {
    const wait = waits.find(({ party }) => party === thread.id)
    if (wait === undefined) return thread
    const looks = thread.looks.map(look =>
      look.activity.kind === 'parked' ? { ...look, activity: { ...look.activity, in: wait.call } } : look,
    )
    return { ...thread, looks }
  })
}
