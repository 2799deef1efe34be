/** The answers that were recorded, for rules that run again without the process. */
import type { Recording } from './model.ts'
import type {
  Answer,
  AnswerTo,
  FunctionPlace,
  NoAnswer,
  Question,
  Value,
  ValueSource,
  Word,
} from './question.ts'
import { questionKey } from './question-key.ts'

type RecordedAnswer = Recording['answers'][number]['answer']
type RecordedValue = Extract<RecordedAnswer, { is: 'value' }>['value']

/** Answers what was asked at the time; `missed` tells whether anything else was asked. */
export class RecordedValues implements ValueSource {
  readonly #answers: ReadonlyMap<string, RecordedAnswer>
  readonly #textOf: (script: string) => string | undefined
  #missed = false

  /** @param textOf the recorded text of a script, in which sources of functions stand */
  constructor(answers: Recording['answers'], textOf: (script: string) => string | undefined) {
    this.#answers = new Map(answers.map(({ question, answer }) => [question, answer]))
    this.#textOf = textOf
  }

  /** Whether a question had no recorded answer. */
  get missed(): boolean {
    return this.#missed
  }

  ask<Q extends Question>(question: Q): Promise<Answer<AnswerTo<Q>>> {
    const recorded = this.#answers.get(questionKey(question))
    const answer = recorded === undefined ? this.#notAsked() : this.#read(recorded)
    return Promise.resolve(answer as Answer<AnswerTo<Q>>)
  }

  #notAsked(): Answer<never> {
    this.#missed = true
    return { unknown: 'not asked' }
  }

  #read(recorded: RecordedAnswer): Answer<Value | Word | FunctionPlace> {
    switch (recorded.is) {
      case 'unknown':
        return { unknown: recorded.unknown as NoAnswer }
      case 'value':
        return this.#value(recorded.value)
      case 'place':
        return this.#place(recorded)
      case 'word': {
        const { is, bigint, value, ...word } = recorded
        return { known: { ...word, value: bigint ? BigInt(value) : Number(value) } }
      }
    }
  }

  #place({ script, line, column, bound }: RecordedAnswer & { is: 'place' }): Answer<FunctionPlace> {
    if (bound === undefined) return { known: { script, line, column } }
    const values = [bound.target, bound.receiver, ...bound.arguments].map(one => this.#value(one))
    const known = values.flatMap(one => ('known' in one ? [one.known] : []))
    if (known.length < values.length) return this.#notAsked()
    const [target, receiver, ...given] = known
    return {
      known: { script, line, column, bound: { target: target!, receiver: receiver!, arguments: given } },
    }
  }

  #value(value: RecordedValue): Answer<Value> {
    switch (value.kind) {
      case 'number':
        return { known: { kind: 'number', value: Number(value.value) } }
      case 'bigint':
        return { known: { kind: 'bigint', value: BigInt(value.value) } }
      case 'string':
        return { known: { kind: 'string', value: value.value } }
      case 'symbol':
        return { known: { kind: 'symbol', description: '' } }
      case 'object': {
        const { kind, party, id, className, subtype } = value
        const ref = { party, id }
        return {
          known: { kind, ref, className, ...(subtype !== undefined && { subtype }), description: '' },
        }
      }
      case 'function': {
        const source = this.#source(value.source)
        const { kind, party, id, className } = value
        return source === undefined
          ? this.#notAsked()
          : { known: { kind, ref: { party, id }, className, source } }
      }
      default:
        return { known: value }
    }
  }

  #source(source: (RecordedValue & { kind: 'function' })['source']): string | undefined {
    if (typeof source === 'string') return source
    return this.#textOf(source.script)?.slice(source.from, source.from + source.length)
  }
}
