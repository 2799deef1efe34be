/**
 * Threads that do not answer the inspector, beside others that do: their stacks and values come from memory, and the rules of `locks/` see all
 * threads together. A word is the same one in both: it has the number of its backing store.
 */
import type { LockFacts } from '../locks/recognise.ts'
import { LiveMemory } from '../memory/live-memory.ts'
import type { StackScript } from '../memory/stack-functions.ts'
import type { Target } from '../process/target.ts'
import { isUnknown } from '../snapshot/model.ts'
import type { Activation, Answer, AnswerTo, Question, ValueSource } from '../snapshot/question.ts'
import { pathOf } from '../sources/script-url.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'
import { activationsInMemory, type StackInMemory, withFrameNumbers } from './memory-activations.ts'
import type { MemoryFrames } from './memory-frames.ts'
import type { ScriptLibrary } from './script-library.ts'
import { textKey } from './stack-frames.ts'

/** What the values of these threads may cost, bytes. */
const BUDGET = 64 * 2 ** 20

/** What the rules are given of them. */
export interface Overheard {
  /** By party. */
  readonly stacks: ReadonlyMap<string, readonly Activation[]>
  readonly values: ValueSource
}

export class SilentThreads {
  readonly #frames: MemoryFrames
  readonly #tids: ReadonlyMap<string, number>
  readonly #seen: readonly StackInMemory[]
  readonly #memory: LiveMemory

  /** Reads the stacks of those that rest, of `tids` by party; undefined where none is to be had. Must be closed. */
  static async read(
    { pid }: Target,
    tids: ReadonlyMap<string, number>,
    frames: MemoryFrames,
  ): Promise<SilentThreads | undefined> {
    const told = await frames.ofAll([...tids.values()])
    const seen = [...tids].flatMap(([party, tid]) => {
      const stack = frames.restingStack(tid)
      const shown = told.get(tid)
      return stack === undefined || shown === undefined || isUnknown(shown) || shown.length === 0
        ? []
        : [{ party, stack, frames: shown }]
    })
    const memory = seen.length === 0 ? undefined : LiveMemory.open(pid, BUDGET)
    return memory === undefined || isUnknown(memory)
      ? undefined
      : new SilentThreads(frames, tids, seen, memory)
  }

  private constructor(
    frames: MemoryFrames,
    tids: ReadonlyMap<string, number>,
    seen: readonly StackInMemory[],
    memory: LiveMemory,
  ) {
    this.#frames = frames
    this.#tids = tids
    this.#seen = seen
    this.#memory = memory
  }

  /** Whether the stack of a thread was read, and it has not left its wait since. */
  has(party: string): boolean {
    return this.#seen.some(one => one.party === party) && this.#rests(party)
  }

  /** Of those that have not left the wait that their stacks were read in. Scripts that no other thread has shown are added to `library`. */
  overheard(library: ScriptLibrary, syntax: SyntaxStore): Overheard | undefined {
    const keys = this.#shareTexts(library)
    const keyOf = (script: StackScript) => keys.get(commonKey(script))
    const resting = this.#seen.filter(({ party }) => this.#rests(party))
    return activationsInMemory(this.#memory, resting, { syntax, keyOf, keyOfText: keyOf })
  }

  /** Whether none of those that were overheard has left its wait since. */
  stayed({ stacks }: Overheard): boolean {
    return [...stacks.keys()].every(party => this.#rests(party))
  }

  /** With the numbers that frames have on their whole stacks. */
  numbered(facts: LockFacts): LockFacts {
    return withFrameNumbers(facts, this.#seen)
  }

  close(): void {
    this.#memory.close()
  }

  #rests(party: string): boolean {
    return this.#frames.restingStack(this.#tids.get(party)!) !== undefined
  }

  /** One key for each text, whoever showed it. */
  #shareTexts(library: ScriptLibrary): ReadonlyMap<string, string> {
    const { texts } = this.#frames
    for (const key of texts.scripts) {
      const script = `memory:${key}`
      if (library.source(script) === undefined) library.add(script, texts.source(key)!)
    }
    const keys = new Map<string, string>()
    for (const key of library.scripts) {
      const { url, text, origin } = library.source(key)!
      const common = commonKey({ url, text, ...origin })
      // The inspector's come first: its threads name them so.
      if (text !== undefined && !(key.startsWith('memory:') && keys.has(common))) keys.set(common, key)
    }
    return keys
  }
}

/** The inspector knows by a URL what V8 knows by a path. */
function commonKey({ url = '', text, startLine, startColumn }: StackScript): string {
  return textKey({ url: pathOf(url) ?? url, text, startLine, startColumn })
}

/** Asks the one for parties that it knows, the other for all else. */
export class SharedValues implements ValueSource {
  readonly #silent: Overheard
  readonly #others: ValueSource

  constructor(silent: Overheard, others: ValueSource) {
    this.#silent = silent
    this.#others = others
  }

  ask<Q extends Question>(question: Q): Promise<Answer<AnswerTo<Q>>> {
    const { values, stacks } = this.#silent
    return (stacks.has(partyIn(question)) ? values : this.#others).ask(question)
  }
}

function partyIn(question: Question): string {
  if (question.ask === 'value') return question.activation.party
  if (question.ask === 'word') return question.array.party
  return 'function' in question ? question.function.party : question.object.party
}
