/**
 * A process looked at from inside: stacks in passing, sources while the program runs on, and a last look, paused, in
 * which the rules of `locks/` ask what they want to know.
 */
import { statSync } from 'node:fs'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { InspectorValueSource } from '../inspector/value-source.ts'
import type { LockFacts, OtherParty } from '../locks/recognise.ts'
import { targetPath } from '../process/namespaces.ts'
import { textOf } from '../process/proc.ts'
import type { Target } from '../process/target.ts'
import { type Gap, isUnknown, type Unknown } from '../snapshot/model.ts'
import type { Activation } from '../snapshot/question.ts'
import { SyntaxStore } from '../sources/syntax-store.ts'
import { type Clock, sleep } from './clock.ts'
import { beginInterval, type Interval } from './cut.ts'
import { type FrameReader, readActivations, readFrame } from './frames.ts'
import { throwIfInterrupted } from './interruption.ts'
import { type KernelIds, mapWorkers } from './kernel-threads.ts'
import {
  ANSWER_MS,
  type Look,
  lookAtKernel,
  lookInPassing,
  lookPaused,
  resumeAll,
  type Stack,
} from './look.ts'
import type { Opened } from './open-inspector.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS } from './options.ts'
import { ScriptLibrary } from './script-library.ts'

/** What the looks from inside gave, before it is put into the model's words. */
export interface Inside {
  readonly threads: readonly InspectedThread[]
  readonly looks: readonly Look[]
  readonly kernelIds: KernelIds
  readonly intervals: ReadonlyMap<number, Interval>
  readonly reader: FrameReader
  readonly facts: LockFacts
  readonly pausedWaves: number
  readonly gaps: readonly Gap[]
}

const ENABLE_MS = 3000

/** Resolves with undefined when the main thread, through which everything goes, does not answer. */
export async function lookInside(
  target: Target,
  { inspected }: Opened,
  options: CaptureOptions,
  clock: Clock,
): Promise<Inside | undefined> {
  const { pid } = target
  const { arch } = target.runtime
  const listed = await inspected.listWorkers(clock.limit(ANSWER_MS))
  if (!listed.ok) return undefined
  const { threads } = inspected
  const locks = import('../locks/recognise.ts')

  options.onProgress?.(`reading ${threads.length} ${threads.length === 1 ? 'stack' : 'stacks'}`)
  const looks = [await lookInPassing(pid, arch, threads, clock)]
  const kernelIds = await mapWorkers(pid, threads.slice(1), [...looks[0]!.kernel.values()], clock)
  const readFile = (path: string) => readTargetFile(target, path)
  const library = new ScriptLibrary(readFile)
  const reader = {
    library,
    syntax: new SyntaxStore(library),
    changedSinceStart: (path: string) => changedSince(target, path),
  }

  const since = lookAtKernel(pid, arch)
  const pausing = new Set(
    threads.filter(thread =>
      mayWait([looks[0]!.kernel, since], stackIn(looks[0]!, thread), tidOf(pid, thread, kernelIds)),
    ),
  )
  const { recogniseLocks, prepareLocks } = await locks
  let intervals: ReadonlyMap<number, Interval> = new Map()
  let facts: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  let pausedWaves = 0
  for (let round = 1; ; round += 1) {
    throwIfInterrupted(options)
    options.onProgress?.('fetching sources')
    await enable(pausing, clock)
    await library.fetch(framesOf(looks.at(-1)!), clock)
    prepareLocks(activationsOf(target, looks.at(-1)!, pausing, reader), reader.syntax, library)

    const tids = [...pausing].flatMap(thread => tidOf(pid, thread, kernelIds) ?? [])
    await sleep(2)
    const endInterval = beginInterval(pid, tids, () => clock.now)
    for (let extra = looks.length + 1; extra < (options.looks ?? DEFAULT_LOOKS); extra += 1) {
      await sleep(clock.limit(BETWEEN_LOOKS_MS))
      throwIfInterrupted(options)
      looks.push(
        await lookInPassing(
          pid,
          arch,
          threads.filter(thread => !pausing.has(thread)),
          clock,
        ),
      )
    }
    await sleep(clock.limit(Math.max(5, looks.at(-1)!.at + BETWEEN_LOOKS_MS - clock.now)))
    intervals = endInterval()

    options.onProgress?.('looking again')
    const look = await lookPaused(pid, arch, threads, pausing, clock)
    const values = new InspectorValueSource(
      new Map(threads.map(thread => [partyOf(pid, thread), thread])),
      () => clock.limit(ANSWER_MS),
    )
    await library.fetch(framesOf(look), clock)
    const activations = activationsOf(target, look, pausing, reader)
    facts = await recogniseLocks(
      activations,
      reader.syntax,
      library,
      values,
      othersOf(pid, threads, look, activations),
    )
    await resumeAll(inspected, clock)
    pausedWaves = Math.max(pausedWaves, values.waves + 1)
    looks.push(look)

    const others = threads.filter(
      thread => !pausing.has(thread) && (stackIn(look, thread)?.frames.length ?? 0) > 0,
    )
    if (round === 2 || others.length === 0 || !needsMore(facts)) break
    for (const thread of others) pausing.add(thread)
  }
  return { threads, looks, kernelIds, intervals, reader, facts, pausedWaves, gaps: [] }
}

/** `p<pid>/t<threadId>`. */
export function partyOf(pid: number, thread: InspectedThread): string {
  return `p${pid}/t${thread.threadId}`
}

/** The kernel's id of a JavaScript thread, where it is known. */
export function tidOf(pid: number, thread: InspectedThread, ids: KernelIds): number | undefined {
  if (thread.threadId === 0) return pid
  const tid = ids.get(thread.threadId)
  return typeof tid === 'number' ? tid : undefined
}

/** The stack of a thread in a look, when it gave one. */
export function stackIn(look: Look, thread: InspectedThread): Stack | undefined {
  const stack: Stack | Unknown | undefined = look.stacks.get(thread)
  return stack === undefined || isUnknown(stack) ? undefined : stack
}

/**
 * Whether a thread is worth pausing: it is in JavaScript and was seen off the processor. Announcing its scripts takes a
 * thread 40 ms, which one that works should not lose. Two samples, since a parked thread runs while it answers us.
 */
function mayWait(
  samples: readonly Look['kernel'][],
  stack: Stack | undefined,
  tid: number | undefined,
): boolean {
  if (stack === undefined || stack.frames.length === 0) return false
  return tid === undefined || samples.some(sample => sample.get(tid)?.view.state !== 'R')
}

/** Somebody waits for something whose holder was not found among the threads that stood still. */
function needsMore(facts: LockFacts): boolean {
  return facts.resources.some(
    ({ id, complete }) =>
      complete !== true && facts.waits.some(wait => JSON.stringify(wait.request).includes(`"${id}"`)),
  )
}

async function enable(threads: Iterable<InspectedThread>, clock: Clock): Promise<void> {
  await Promise.all(
    [...threads].map(thread => (thread.enabled ? undefined : thread.enable(clock.limit(ENABLE_MS)))),
  )
}

function* framesOf(look: Look) {
  for (const [thread, stack] of look.stacks) if (!isUnknown(stack)) yield [thread, stack.frames] as const
}

function activationsOf(
  target: Target,
  look: Look,
  pausing: ReadonlySet<InspectedThread>,
  reader: FrameReader,
): ReadonlyMap<string, readonly Activation[]> {
  const activations = new Map<string, readonly Activation[]>()
  for (const [thread, frames] of framesOf(look)) {
    if (!pausing.has(thread)) continue
    const party = partyOf(target.pid, thread)
    const seen = frames.map(frame => [frame, readFrame(reader, thread, frame)] as const)
    activations.set(party, readActivations(reader, thread, party, seen))
  }
  return activations
}

/** The threads that were not paused: of those that idle it is known that they hold nothing on a stack. */
function othersOf(
  pid: number,
  threads: readonly InspectedThread[],
  look: Look,
  activations: ReadonlyMap<string, readonly Activation[]>,
): readonly OtherParty[] {
  return threads
    .filter(thread => !activations.has(partyOf(pid, thread)))
    .map(thread => ({ party: partyOf(pid, thread), idle: stackIn(look, thread)?.frames.length === 0 }))
}

function readTargetFile(target: Target, path: string): string | undefined {
  const reachable = targetPath(target, path)
  return reachable === undefined ? undefined : textOf(reachable)
}

function changedSince(target: Target, path: string): boolean {
  const reachable = path.startsWith('/') ? targetPath(target, path) : undefined
  const changed =
    reachable === undefined ? undefined : statSync(reachable, { throwIfNoEntry: false })?.mtimeMs
  return changed !== undefined && changed > Date.parse(target.startedAt)
}
