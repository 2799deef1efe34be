/** Keeps what the rules ask and are answered, so that they can be run again without the process. */
import type { SleptOn } from '../locks/wasm/wasm-waiter.ts'
import type {
  Activation,
  Answer,
  AnswerTo,
  Question,
  ScriptTexts,
  ValueSource,
} from '../snapshot/question.ts'

/** One question and its answer. */
export interface Exchange {
  readonly question: Question
  readonly answer: Answer<AnswerTo<Question>>
}

/** Everything that a run of the rules was given, but for the texts. */
export interface RecordedRun {
  readonly stacks: ReadonlyMap<string, readonly Activation[]>
  readonly others: readonly { readonly party: string; readonly idle: boolean }[]
  /** Words that an earlier run had read. */
  readonly earlierWords: readonly { readonly buffer: string; readonly byte: number; readonly value: string }[]
  /** By party: words of WebAssembly that its native stack says it may sleep on. */
  readonly sleptOn: ReadonlyMap<string, SleptOn>
  readonly exchanges: readonly Exchange[]
  /** Each position that was asked for in the reader's terms. */
  readonly originals: readonly { readonly script: string; readonly line: number; readonly column: number }[]
}

/** Stands between the rules and who answers them. */
export class Recorder implements ValueSource {
  readonly exchanges: Exchange[] = []
  readonly originals: { script: string; line: number; column: number }[] = []
  /** The texts as they are, but that positions which are asked for are kept. */
  readonly texts: ScriptTexts
  readonly #values: ValueSource

  constructor(values: ValueSource, texts: ScriptTexts) {
    this.#values = values
    this.texts = {
      get: script => texts.get(script),
      bytecode: script => texts.bytecode?.(script),
      url: script => texts.url(script),
      original: (script, line, column) => {
        this.originals.push({ script, line, column })
        return texts.original(script, line, column)
      },
      scripts: texts.scripts,
    }
  }

  async ask<Q extends Question>(question: Q): Promise<Answer<AnswerTo<Q>>> {
    const answer = await this.#values.ask(question)
    // A whole list is only asked for ahead of time.
    if (question.ask !== 'members' && question.ask !== 'closure') this.exchanges.push({ question, answer })
    return answer
  }
}
