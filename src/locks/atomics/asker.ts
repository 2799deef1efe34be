import type {
  Activation,
  Answer,
  AnswerTo,
  FunctionPlace,
  Member,
  ObjectRef,
  Question,
  Value,
  ValueSource,
  Word,
} from '../../snapshot/question.ts'

/** Asks each question once, whoever needs the answer. */
export class Asker {
  readonly #source: ValueSource
  readonly #asked = new Map<string, Promise<Answer<unknown>>>()

  constructor(source: ValueSource) {
    this.#source = source
  }

  /** How many different questions were asked. */
  get count(): number {
    return this.#asked.size
  }

  value(activation: Activation, expression: string): Promise<Answer<Value>> {
    const key = `v ${activation.party} ${activation.index} ${expression}`
    return this.#once(key, { ask: 'value', activation, expression })
  }

  /** `expression` sees the first object as `self` and the rest as `other0`, `other1` … */
  on(objects: readonly ObjectRef[], expression: string): Promise<Answer<Value>> {
    const [object, ...others] = objects
    const key = `o ${objects.map(idOf).join()} ${expression}`
    return this.#once(key, { ask: 'on', object: object!, expression, others })
  }

  members(object: ObjectRef): Promise<Answer<readonly Member[]>> {
    return this.#once(`m ${idOf(object)}`, { ask: 'members', object })
  }

  member(object: ObjectRef, name: string): Promise<Answer<Value>> {
    return this.#once(`n ${idOf(object)} ${name}`, { ask: 'member', object, name })
  }

  variable(ofFunction: ObjectRef, name: string): Promise<Answer<Value>> {
    return this.#once(`c ${idOf(ofFunction)} ${name}`, { ask: 'variable', function: ofFunction, name })
  }

  place(ofFunction: ObjectRef): Promise<Answer<FunctionPlace>> {
    return this.#once(`p ${idOf(ofFunction)}`, { ask: 'place', function: ofFunction })
  }

  word(array: ObjectRef, index: number): Promise<Answer<Word>> {
    return this.#once(`w ${idOf(array)} ${index}`, { ask: 'word', array, index })
  }

  #once<Q extends Question>(key: string, question: Q): Promise<Answer<AnswerTo<Q>>> {
    let answer = this.#asked.get(key) as Promise<Answer<AnswerTo<Q>>> | undefined
    if (!answer) {
      answer = this.#source.ask(question)
      this.#asked.set(key, answer)
    }
    return answer
  }
}

function idOf(object: ObjectRef): string {
  return `${object.party}#${object.id}`
}
