/** One run of the rules of locks over the threads that are paused, and over those whose stacks memory shows. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { LockFacts, OtherParty, SleptOn } from '../locks/recognise.ts'
import { isUnknown } from '../snapshot/model.ts'
import type { Activation, ValueSource } from '../snapshot/question.ts'
import type { FrameReader } from './frames.ts'
import type { Look } from './look.ts'
import { partyOf, stackIn } from './party.ts'
import { type RecordedRun, Recorder } from './recorder.ts'
import type { ScriptLibrary } from './script-library.ts'
import type { SilentThreads } from './silent-threads.ts'

/** What a run goes by. */
export interface RunInput {
  readonly pid: number
  readonly threads: readonly InspectedThread[]
  readonly look: Look
  readonly reader: FrameReader
  readonly library: ScriptLibrary
  readonly paused: ReadonlyMap<string, readonly Activation[]>
  readonly values: ValueSource
  readonly sleptOn: ReadonlyMap<string, SleptOn>
  /** What an earlier run found. */
  readonly before: LockFacts
}

export interface RuleRun {
  readonly facts: LockFacts
  /** What was asked and answered; undefined where memory answered too, which is not asked again. */
  readonly run: RecordedRun | undefined
}

/** What the rules say of the paused threads. */
export async function runRules(input: RunInput): Promise<RuleRun> {
  const { paused, values, sleptOn, before } = input
  const { recorder, others, facts } = await runOver(input, paused, values)
  const { exchanges, originals } = recorder
  const earlierWords = wordsIn(before)
  return { facts, run: { stacks: paused, others, earlierWords, sleptOn, exchanges, originals } }
}

/** What the rules say of the paused threads and of the silent ones, when these stood still meanwhile. */
export async function runRulesWith(silent: SilentThreads, input: RunInput): Promise<RuleRun> {
  const { SharedValues } = await import('./silent-threads.ts')
  for (;;) {
    const overheard = silent.overheard(input.library, input.reader.syntax)
    if (overheard === undefined) return runRules(input)
    const stacks = new Map([...input.paused, ...overheard.stacks])
    const { facts } = await runOver(input, stacks, new SharedValues(overheard, input.values))
    // One that went on may have given back what it held.
    if (silent.stayed(overheard)) return { facts: silent.numbered(facts), run: undefined }
  }
}

async function runOver(
  { look, pid, threads, reader, library, sleptOn, before }: RunInput,
  stacks: ReadonlyMap<string, readonly Activation[]>,
  values: ValueSource,
) {
  const { recogniseLocks } = await import('../locks/recognise.ts')
  const others = otherParties(pid, threads, look, stacks)
  const recorder = new Recorder(values, library)
  const { syntax } = reader
  const facts = await recogniseLocks(stacks, syntax, recorder.texts, recorder, others, before, sleptOn)
  return { recorder, others, facts }
}

/** The threads that were not paused: of those that idle it is known that they hold nothing on a stack. */
function otherParties(
  pid: number,
  threads: readonly InspectedThread[],
  look: Look,
  stacks: ReadonlyMap<string, unknown>,
): readonly OtherParty[] {
  return threads
    .map(thread => ({
      party: partyOf(pid, thread),
      idle: stackIn(look, thread)?.frames.length === 0,
    }))
    .filter(({ party }) => !stacks.has(party))
}

/** The words that a run of the rules has read. */
function wordsIn({ resources }: LockFacts): RecordedRun['earlierWords'] {
  return resources.flatMap(({ word }) =>
    word === undefined || isUnknown(word.value)
      ? []
      : [{ buffer: word.buffer, byte: word.byte, value: String(word.value) }],
  )
}
