import type { InspectedProcess } from '../inspector/inspected-process.ts'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { LockFacts } from '../locks/recognise.ts'
import type { WebLockView } from '../locks/web-locks.ts'
import type { Target } from '../process/target.ts'
import type { CurrentTest, EventLoop, Via } from '../snapshot/model.ts'
import type { Clock } from './clock.ts'
import type { Interval } from './cut.ts'
import type { FrameReader } from './frames.ts'
import { Inspection } from './inspection.ts'
import { throwIfInterrupted } from './interruption.ts'
import type { KernelIds } from './kernel-threads.ts'
import { ANSWER_MS, type Look } from './look.ts'
import type { MemoryFrames } from './memory-frames.ts'
import type { CaptureOptions } from './options.ts'
import type { RecordedRun } from './recorder.ts'

/** What the looks from inside gave, before it is put into the model's words. */
export interface Inside {
  readonly threads: readonly InspectedThread[]
  readonly looks: readonly Look[]
  readonly kernelIds: KernelIds
  /** By kernel thread id: the span in which it never left its wait. */
  readonly intervals: ReadonlyMap<number, Interval>
  readonly reader: FrameReader
  readonly facts: LockFacts
  /** What the rules were answered when they found the facts. */
  readonly run: RecordedRun | undefined
  /** By party and frame index of the last look: how control came to a frame that nothing in the text calls. */
  readonly vias: ReadonlyMap<string, ReadonlyMap<number, Via>>
  /** What can wake the idle threads, as it was in their undisturbed span; empty where nobody depends on it. */
  readonly loops: ReadonlyMap<InspectedThread, EventLoop>
  /** Whether the program was asked for its timers and for the signals that it listens for. */
  readonly loopsAsked: boolean
  /** What Node says keeps the loops of idle threads alive. */
  readonly activeResources: ReadonlyMap<InspectedThread, unknown>
  /** The test that a runner says an idle thread runs. */
  readonly currentTests: ReadonlyMap<InspectedThread, CurrentTest | undefined>
  /** By thread: its Web Locks, where somebody waits for one. */
  readonly webLocks: ReadonlyMap<InspectedThread, WebLockView>
  readonly pausedWaves: number
  /** The stacks that were read from memory, where any were. */
  readonly memory: MemoryFrames | undefined
}

/** A thread that came to stand still, or that may hold what is waited for, is paused in a further round. */
const MOST_ROUNDS = 4

/** Resolves with undefined when the main thread, through which everything goes, does not answer. */
export async function lookInside(
  target: Target,
  inspected: InspectedProcess,
  options: CaptureOptions,
  clock: Clock,
): Promise<Inside | undefined> {
  const listed = await inspected.listWorkers(clock.limit(ANSWER_MS))
  if (!listed.ok) return undefined
  const inspection = new Inspection(target, inspected, options, clock)
  await inspection.lookFirst()
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    throwIfInterrupted(options)
    await inspection.prepare()
    await inspection.observe()
    await inspection.lookLast()
    inspection.tellRunning()
    if (!(await inspection.widen())) break
  }
  await inspection.announceStuck()
  return inspection
}
