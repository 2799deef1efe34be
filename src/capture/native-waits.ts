/** Which locks of the C library threads sleep in, and who holds these: read from the memory of a process or of a core. */

import { type NativeLockWait, withNativeLocks } from '../locks/native-locks.ts'
import { withParkedWords } from '../locks/parked-words.ts'
import type { LockFacts } from '../locks/recognise.ts'
import { LiveMemory } from '../memory/live-memory.ts'
import type { Memory } from '../memory/memory.ts'
import { type FutexCall, type NativeWait, nativeWait } from '../memory/native-lock.ts'
import type { AwaitedWord } from '../memory/v8/atomics-wait.ts'
import { readThreadStatus } from '../process/status.ts'
import { switches } from '../process/threads.ts'
import { isUnknown, type SystemCall, type Thread } from '../snapshot/model.ts'
import type { MemoryFrames } from './memory-frames.ts'

/** Facts of a core, whose threads have all been read. */
export function nativeLocksIn(
  memory: Memory,
  process: string,
  threads: readonly Thread[],
  facts: LockFacts,
): LockFacts {
  const byTid = new Map(
    threads.flatMap(thread => (isUnknown(thread.tid) ? [] : [[thread.tid, thread] as const])),
  )
  const waits = threads.flatMap(thread => {
    const wait = waitOf(memory, thread)
    return wait === undefined ? [] : [described(thread, wait, tid => byTid.get(tid))]
  })
  return withNativeLocks(process, waits, facts)
}

/** With the words that parked threads sleep on. */
export function withWords(
  process: string,
  threads: readonly Thread[],
  wordOf: (tid: number) => AwaitedWord | undefined,
  facts: LockFacts,
): LockFacts {
  const parked = threads.flatMap(thread => {
    const isParked = thread.looks.at(-1)?.activity.kind === 'parked'
    const word = isParked && !isUnknown(thread.tid) ? wordOf(thread.tid) : undefined
    return word === undefined ? [] : [{ thread, ...word }]
  })
  return withParkedWords(process, parked, facts)
}

interface Seen {
  readonly threads: readonly Thread[]
  readonly facts: LockFacts
}

/**
 * The same of a living process: of those in `asked`, of whom they wait for, and so on. A thread counts only if it has not left its
 * wait since the first look; `now` is the time on the capture's clock.
 */
export async function nativeLocksOf(
  pid: number,
  seen: Seen,
  asked: ReadonlySet<string>,
  frames: MemoryFrames,
  now: () => number,
): Promise<Seen> {
  const memory = LiveMemory.open(pid, BUDGET)
  if (isUnknown(memory)) return seen
  try {
    const threads = new Map(
      seen.threads.flatMap(thread => (isUnknown(thread.tid) ? [] : [[thread.tid, thread] as const])),
    )
    // glibc numbers threads as the process's own namespace does.
    const byOwn = new Map(
      [...threads.keys()].map(tid => [readThreadStatus(pid, tid)?.namespacePids.at(-1) ?? tid, tid]),
    )
    const found = new Map<number, NativeWait>()
    const next = [...threads].flatMap(([tid, { id }]) => (asked.has(id) ? [tid] : []))
    for (const tid of next) {
      const thread = await withStack(threads.get(tid)!, frames)
      if (thread === undefined) continue
      const wait = waitOf(memory, thread)
      if (wait === undefined) continue
      threads.set(tid, thread)
      found.set(tid, wait)
      const other = byOwn.get(otherIn(wait))
      if (other !== undefined && !next.includes(other)) next.push(other)
    }
    const at = now()
    const counted = switches(pid, [...threads.keys()])
    for (const [tid, thread] of threads) {
      const stayed = isStill(thread, counted.get(tid)) ? { from: thread.looks[0]!.at, to: at } : undefined
      if (stayed === undefined) found.delete(tid)
      else if (found.has(tid)) threads.set(tid, { ...thread, undisturbed: stayed })
    }
    const waits = [...found].map(([tid, wait]) =>
      described(threads.get(tid)!, wait, own => threads.get(byOwn.get(own) ?? -1)),
    )
    return {
      threads: seen.threads.map(thread => (isUnknown(thread.tid) ? thread : threads.get(thread.tid)!)),
      facts: withNativeLocks(`p${pid}`, waits, seen.facts),
    }
  } finally {
    memory.close()
  }
}

const BUDGET = 2 ** 20

/** With its stack in all looks, if it has none yet. Undefined for one that does not sleep in a futex. */
async function withStack(thread: Thread, frames: MemoryFrames): Promise<Thread | undefined> {
  if (isUnknown(thread.tid) || futexCall(thread) === undefined) return undefined
  if (thread.looks.some(look => look.frames.some(({ kind }) => kind === 'native'))) return thread
  const stack = await frames.of(thread.tid)
  if (isUnknown(stack) || stack.length === 0) return undefined
  return {
    ...thread,
    seenBy: [...new Set([...thread.seenBy, 'memory' as const])],
    looks: thread.looks.map(look => ({ ...look, frames: [...stack] })),
  }
}

/** In each look, and until now, it has left its wait as often. */
export function isStill(
  { looks }: Thread,
  counted: { readonly voluntary: number; readonly involuntary: number } | undefined,
): boolean {
  return (
    counted !== undefined &&
    looks.every(
      ({ kernel }) =>
        !isUnknown(kernel) &&
        kernel.voluntarySwitches === counted.voluntary &&
        kernel.involuntarySwitches === counted.involuntary,
    )
  )
}

function waitOf(memory: Memory, thread: Thread): NativeWait | undefined {
  const call = futexCall(thread)
  const natives = thread.looks.at(-1)?.frames ?? []
  const end = natives.findIndex(({ kind }) => kind !== 'native')
  const names = natives
    .slice(0, end === -1 ? undefined : end)
    .map(frame => frame.function)
    .filter(name => !name.startsWith('('))
  return call && nativeWait(memory, call, names)
}

function futexCall({ looks }: Thread): FutexCall | undefined {
  const look = looks.at(-1)
  const call =
    look &&
    (systemCallIn(look.kernel) ?? (look.activity.kind === 'system-call' ? look.activity.call : undefined))
  if (call?.name !== 'futex') return undefined
  const [address = 0, operation = 0, value = 0, limit = 0] = call.arguments.map(Number)
  return { address, operation, value: value | 0, timed: limit !== 0 }
}

function systemCallIn(kernel: Thread['looks'][number]['kernel']): SystemCall | undefined {
  return isUnknown(kernel) || kernel.systemCall === null || isUnknown(kernel.systemCall)
    ? undefined
    : kernel.systemCall
}

/** The number of the thread that it waits for. */
function otherIn(wait: NativeWait): number {
  return wait.kind === 'mutex' ? wait.owner : wait.kind === 'thread' ? wait.thread : wait.writer
}

function described(
  thread: Thread,
  wait: NativeWait,
  threadOf: (own: number) => Thread | undefined,
): NativeLockWait {
  const named = thread.looks
    .at(-1)
    ?.frames.find(frame => frame.function.startsWith('pthread_') || frame.function.startsWith('__pthread_'))
  return {
    thread,
    key: `0x${wait.address.toString(16)}`,
    kind: wait.kind,
    ...(wait.kind === 'read-write lock' ? { mode: wait.mode } : {}),
    holder: threadOf(otherIn(wait)),
    readers: wait.kind === 'read-write lock' ? wait.readers : 0,
    timed: wait.timed,
    call:
      named?.function.replace(/^_+/, '') ??
      (wait.kind === 'thread' ? 'pthread_join' : 'a lock of the C library'),
  }
}
