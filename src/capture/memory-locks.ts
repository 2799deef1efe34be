/** The locks of JavaScript on stacks that were read from memory: the same rules as for paused threads ask frames, contexts and objects. */
import { type LockFacts, type OtherParty, recogniseLocks } from '../locks/recognise.ts'
import { LiveMemory } from '../memory/live-memory.ts'
import type { Memory } from '../memory/memory.ts'
import type { StackFunction, ThreadStack } from '../memory/stack-functions.ts'
import { Heap } from '../memory/v8/heap.ts'
import { Objects } from '../memory/v8/objects.ts'
import type { Script } from '../memory/v8/scripts.ts'
import { threadNumber } from '../memory/v8/thread-number.ts'
import { type FrameInMemory, MemoryValueSource } from '../memory/values/value-source.ts'
import { switches } from '../process/threads.ts'
import { type Frame, isUnknown, type Thread } from '../snapshot/model.ts'
import type { Activation } from '../snapshot/question.ts'
import { inText } from '../sources/script-origin.ts'
import { sleep } from './clock.ts'
import type { MemoryFrames } from './memory-frames.ts'
import { isStill } from './native-waits.ts'
import { needsSecondReading } from './second-reading.ts'
import { type StackFrames, textKey } from './stack-frames.ts'

/** A JavaScript thread, with the stack that its memory shows, if it shows one. */
export interface ThreadInMemory {
  readonly thread: Thread
  readonly stack: ThreadStack | undefined
}

/** A chain of suspended functions, innermost first. */
export interface SuspendedTask {
  readonly party: string
  readonly functions: readonly StackFunction[]
  /** The same as the reader sees them. */
  readonly seen: readonly Frame[]
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
  const slots = new Map<Activation, FrameInMemory>()
  const stacks = new Map<string, readonly Activation[]>()
  const others: OtherParty[] = []
  let layout: ThreadStack['layout'] | undefined
  for (const { thread, stack } of threads) {
    const look = thread.looks.at(-1)
    if (stack === undefined || look === undefined || look.frames.length === 0) {
      others.push({ party: thread.id, idle: look?.activity.kind === 'event-loop' })
      continue
    }
    layout ??= stack.layout
    stacks.set(thread.id, activationsOf(thread.id, stack, look.frames, frames, slots))
  }
  const none = { resources: [], holds: [], productions: [], waits: [] }
  if (layout === undefined) return none
  for (const { party, functions, seen } of suspended)
    stacks.set(party, activationsOf(party, { functions }, seen, frames, slots))
  const objects = new Objects(new Heap(memory, layout))
  const source = new MemoryValueSource(objects, slots, frames.syntax, script => keyIn(frames, script))
  const facts = await recogniseLocks(
    stacks,
    frames.syntax,
    frames,
    source,
    allKnown ? others : undefined,
    before,
  )
  return withFrameNumbers(facts, threads)
}

/** Innermost first; native functions do not count. */
function activationsOf(
  party: string,
  { functions, word, cut }: Pick<ThreadStack, 'functions' | 'word' | 'cut'>,
  seen: readonly Frame[],
  frames: StackFrames,
  slots: Map<Activation, FrameInMemory>,
): readonly Activation[] {
  const scripted = functions.flatMap((called, at) =>
    called.kind === 'native' ? [] : [[called, seen[at]!] as const],
  )
  const activations = scripted.map(([called, frame], index) => {
    const activation = activationOf(party, index, called, frame, frames)
    slots.set(activation, {
      ...(called.slots === undefined ? {} : { slots: called.slots }),
      ...(index === 0 && word !== undefined ? { given: word.given } : {}),
    })
    return activation
  })
  const last = activations.at(-1)
  // What was not read may hold anything.
  return cut === true && last !== undefined
    ? [...activations, { ...last, index: last.index + 1, script: '' }]
    : activations
}

function activationOf(
  party: string,
  index: number,
  called: StackFunction,
  frame: Frame,
  frames: StackFrames,
): Activation {
  const { script, line, column, start } = called
  const origin = script ?? { startLine: 0, startColumn: 0 }
  const key = script === undefined || line === undefined ? undefined : frames.keyOf(script)
  return {
    party,
    index,
    // Without a place in it a script tells nothing.
    script: key ?? '',
    ...inText(origin, { line: line ?? 0, column: column ?? 0 }),
    functionStart: start === undefined ? { unknown: 'it is not in memory' } : inText(origin, start),
    functionName: called.function,
    frame,
  }
}

const keys = new WeakMap<Script, string | undefined>()

/** The key of a script that one of the stacks has. */
function keyIn(frames: StackFrames, script: Script): string | undefined {
  if (keys.has(script)) return keys.get(script)
  const { name: url, text, startLine, startColumn } = script
  const key =
    url === undefined || url.startsWith('node:') ? undefined : textKey({ url, text, startLine, startColumn })
  const known = key !== undefined && frames.has(key) ? key : undefined
  keys.set(script, known)
  return known
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

/** From numbers among the functions of JavaScript to those among all frames of the stack. */
function withFrameNumbers(facts: LockFacts, threads: readonly ThreadInMemory[]): LockFacts {
  const numbers = new Map(
    threads.map(({ thread }) => {
      const { frames = [] } = thread.looks.at(-1) ?? {}
      return [thread.id, frames.flatMap(({ kind }, at) => (kind === 'native' ? [] : [at]))] as const
    }),
  )
  const moved = <T extends { readonly party: string; readonly frame?: number | undefined }>(one: T): T =>
    one.frame === undefined ? one : { ...one, frame: numbers.get(one.party)?.[one.frame] ?? one.frame }
  return {
    ...facts,
    holds: facts.holds.map(moved),
    waits: facts.waits.map(wait => {
      const { jobLoop, ...rest } = moved(wait)
      return jobLoop === undefined
        ? rest
        : { ...rest, jobLoop: numbers.get(wait.party)?.[jobLoop] ?? jobLoop }
    }),
  }
}
