/**
 * Answers the questions of `locks/` from paused frames. Everything asked in one tick is sent together: the number of
 * such waves, not of questions, is what a paused thread pays for.
 */
import type { Protocol } from 'devtools-protocol'
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
} from '../snapshot/question.ts'
import { questionKey } from '../snapshot/question-key.ts'
import type { InspectedThread } from './inspected-thread.ts'
import { readValue, unreadable } from './remote-value.ts'
import { callInScopes, LONG_SCRIPT } from './scope-call.ts'
import { scriptKey } from './script.ts'
import type { Commands, Reply } from './session.ts'

/** Objects that we hold in the target; released when the thread is let go. */
export const OBJECT_GROUP = 'impasse'
/** An expression that runs longer than this in the target (a looping getter) is terminated by V8. */
const EVALUATION_LIMIT_MS = 1000

const WORD = `function(index) {
  const value = this[index]
  return [this.byteOffset + index * this.BYTES_PER_ELEMENT, typeof value === 'bigint' ? value + 'n' : value]
}`

const ABSENT = 'absent'
const ACCESSOR = 'an accessor'

const OWN_MEMBER = `function(name) {
  const own = Object.getOwnPropertyDescriptor(this, name)
  if (own === undefined) throw '${ABSENT}'
  if (!('value' in own)) throw '${ACCESSOR}'
  return own.value
}`

/** Over the list of a function's scopes, innermost first (src/inspector/v8-debugger.cc); the global object is none of its closure. */
const VARIABLE = `function(name) {
  for (let at = 0; at < this.length; at += 1) {
    const { description, object } = this[at]
    if (description !== 'Global' && Object.hasOwn(object, name)) return object[name]
  }
  throw '${ABSENT}'
}`

export class InspectorValueSource implements ValueSource {
  readonly #threads: ReadonlyMap<string, InspectedThread>
  readonly #deadline: () => number
  readonly #asked = new Map<string, Promise<Answer<never>>>()
  #queue: (() => void)[] = []
  #underWay = 0
  #flushing = false
  #waves = 0

  /** Threads by party id; `remainingMs` bounds every request. */
  constructor(threads: ReadonlyMap<string, InspectedThread>, remainingMs: () => number) {
    this.#threads = threads
    this.#deadline = remainingMs
  }

  /** Request waves so far. */
  get waves(): number {
    return this.#waves
  }

  ask<Q extends Question>(question: Q): Promise<Answer<AnswerTo<Q>>> {
    // Two rules that ask the same pay once.
    const key = questionKey(question)
    const known = this.#asked.get(key)
    if (known !== undefined) return known
    const answer = this.#answer(question) as Promise<Answer<never>>
    this.#asked.set(key, answer)
    return answer
  }

  #answer(question: Question): Promise<Answer<unknown>> {
    switch (question.ask) {
      case 'value':
        return this.#valueInFrame(question.activation, question.expression)
      case 'on':
        return this.#valueOn(question.object, question.expression, question.others ?? [])
      case 'members':
        return this.#members(question.object)
      case 'closure':
        return this.#closure(question.function)
      case 'member':
        return this.#member(question.object, question.name)
      case 'variable':
        return this.#variable(question.function, question.name)
      case 'place':
        return this.#place(question.function)
      case 'word':
        return this.#word(question.array, question.index)
    }
  }

  /** One request, held back until everything of this tick has been asked. */
  async #send<C extends keyof Commands & string>(
    party: string,
    method: C,
    parameters: Commands[C]['paramsType'][0],
  ): Promise<Reply<Commands[C]['returnType']>> {
    const thread = this.#threads.get(party)
    if (thread === undefined) return { ok: false, why: 'refused', message: 'not behind the inspector' }
    await this.#wave()
    this.#underWay += 1
    const reply = await thread.session.send(method, parameters, this.#deadline())
    this.#underWay -= 1
    this.#flushWhenQuiet()
    return reply
  }

  #wave(): Promise<void> {
    return new Promise(resolve => {
      this.#queue.push(resolve)
      this.#flushWhenQuiet()
    })
  }

  /** A wave leaves when all of the last one is answered and nobody has more to ask. */
  #flushWhenQuiet(): void {
    if (this.#flushing || this.#underWay > 0 || this.#queue.length === 0) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      if (this.#underWay > 0) return
      const queue = this.#queue
      this.#queue = []
      this.#waves += 1
      for (const go of queue) go()
    })
  }

  async #valueInFrame({ party, index }: Activation, expression: string): Promise<Answer<Value>> {
    const thread = this.#threads.get(party)
    const frame = thread?.pause?.callFrames[index]
    if (thread === undefined || frame === undefined)
      return { unknown: 'cannot be read here', detail: 'the thread is not paused' }
    const { callFrameId } = frame
    const length = thread.scripts.get(frame.location.scriptId)?.length ?? 0
    const call = length > LONG_SCRIPT ? callInScopes(frame, expression) : undefined
    if (call !== undefined) {
      const options = { objectGroup: OBJECT_GROUP, silent: true, throwOnSideEffect: true }
      return readValue(party, await this.#send(party, 'Runtime.callFunctionOn', { ...call, ...options }))
    }
    const reply = await this.#send(party, 'Debugger.evaluateOnCallFrame', {
      callFrameId,
      expression,
      objectGroup: OBJECT_GROUP,
      silent: true,
      throwOnSideEffect: true,
      timeout: EVALUATION_LIMIT_MS,
    })
    return readValue(party, reply)
  }

  async #valueOn(
    object: ObjectRef,
    expression: string,
    others: readonly ObjectRef[],
  ): Promise<Answer<Value>> {
    const names = others.map((_, position) => `other${position}`)
    const reply = await this.#send(object.party, 'Runtime.callFunctionOn', {
      objectId: object.id,
      functionDeclaration: `function(${names.join()}) { const self = this; return (${expression}) }`,
      arguments: others.map(other => ({ objectId: other.id })),
      objectGroup: OBJECT_GROUP,
      silent: true,
      throwOnSideEffect: true,
    })
    return readValue(object.party, reply)
  }

  /** One member is asked for alone: a module's object may have thousands, each with its source. */
  async #member(object: ObjectRef, name: string): Promise<Answer<Value>> {
    const list: Question = { ask: 'members', object }
    if (!name.startsWith('#') && !this.#asked.has(questionKey(list))) {
      return this.#byName(object, OWN_MEMBER, name)
    }
    const members = await this.ask(list)
    if (!('known' in members)) return members
    const member = members.known.find(one => one.name === name)
    return member === undefined ? { unknown: 'no such name', detail: name } : member.value
  }

  async #variable(fn: ObjectRef, name: string): Promise<Answer<Value>> {
    const internals = await this.#internals(fn)
    if ('unknown' in internals) return internals
    const id = internals.known.get('[[Scopes]]')?.objectId
    return id === undefined
      ? { unknown: 'no such name', detail: name }
      : this.#byName({ party: fn.party, id }, VARIABLE, name)
  }

  /** What one of the functions below gives for a name; it throws a text where it has none to give. */
  async #byName({ party, id }: ObjectRef, lookUp: string, name: string): Promise<Answer<Value>> {
    const reply = await this.#send(party, 'Runtime.callFunctionOn', {
      objectId: id,
      functionDeclaration: lookUp,
      arguments: [{ value: name }],
      objectGroup: OBJECT_GROUP,
      silent: true,
      throwOnSideEffect: true,
    })
    const thrown = reply.ok ? reply.result.exceptionDetails?.exception?.value : undefined
    if (thrown === ABSENT) return { unknown: 'no such name', detail: name }
    if (thrown === ACCESSOR) return { unknown: 'side effect', detail: ACCESSOR }
    return readValue(party, reply)
  }

  async #properties({ party, id }: ObjectRef): Promise<Answer<Protocol.Runtime.GetPropertiesResponse>> {
    const reply = await this.#send(party, 'Runtime.getProperties', { objectId: id, ownProperties: true })
    return reply.ok ? { known: reply.result } : unreadable(reply)
  }

  async #members(object: ObjectRef): Promise<Answer<readonly Member[]>> {
    const properties = await this.#properties(object)
    if ('unknown' in properties) return properties
    const { result, privateProperties = [] } = properties.known
    return { known: [...result, ...privateProperties].map(property => readMember(object.party, property)) }
  }

  async #closure(fn: ObjectRef): Promise<Answer<readonly Member[]>> {
    const internals = await this.#internals(fn)
    if ('unknown' in internals) return internals
    const scopes = internals.known.get('[[Scopes]]')?.objectId
    if (scopes === undefined) return { known: [] }
    const list = await this.#properties({ party: fn.party, id: scopes })
    if ('unknown' in list) return list
    const inner = list.known.result.flatMap(({ value }) =>
      value?.objectId === undefined || value.description === 'Global' ? [] : [value.objectId],
    )
    const answers = await Promise.all(inner.map(id => this.#members({ party: fn.party, id })))
    return { known: answers.flatMap(answer => ('known' in answer ? answer.known : [])) }
  }

  async #place(fn: ObjectRef): Promise<Answer<FunctionPlace>> {
    const internals = await this.#internals(fn)
    if ('unknown' in internals) return internals
    const target = internals.known.get('[[TargetFunction]]')
    if (target !== undefined) return this.#boundPlace(fn, internals.known, target)
    const location = internals.known.get('[[FunctionLocation]]')?.value
    const thread = this.#threads.get(fn.party)
    const script = location === undefined ? undefined : thread?.scripts.get(location.scriptId)
    if (script === undefined) return { unknown: 'cannot be read here', detail: 'the function has no source' }
    // V8 counts from where the script was cut out; the model counts in the script's own text.
    const line = location.lineNumber - script.startLine + 1
    const column = location.columnNumber - (line === 1 ? script.startColumn : 0) + 1
    return { known: { script: scriptKey(script), line, column } }
  }

  async #boundPlace(
    fn: ObjectRef,
    internals: ReadonlyMap<string, Protocol.Runtime.RemoteObject>,
    target: Protocol.Runtime.RemoteObject,
  ): Promise<Answer<FunctionPlace>> {
    const asValue = (object: Protocol.Runtime.RemoteObject | undefined) =>
      readValue(fn.party, { ok: true, result: { result: object ?? { type: 'undefined' } } })
    const bound = asValue(target)
    const receiver = asValue(internals.get('[[BoundThis]]'))
    const list = internals.get('[[BoundArgs]]')?.objectId
    const members = list === undefined ? { known: [] } : await this.#members({ party: fn.party, id: list })
    if (!('known' in bound) || !('known' in receiver) || !('known' in members))
      return { unknown: 'cannot be read here' }
    const bounded = members.known.flatMap(({ name, value }) =>
      /^\d+$/.test(name) && 'known' in value ? [value.known] : [],
    )
    const place = bound.known.kind === 'function' ? await this.#place(bound.known.ref) : undefined
    const { script = '', line = 0, column = 0 } = place !== undefined && 'known' in place ? place.known : {}
    return {
      known: {
        script,
        line,
        column,
        bound: { target: bound.known, receiver: receiver.known, arguments: bounded },
      },
    }
  }

  async #internals(object: ObjectRef): Promise<Answer<ReadonlyMap<string, Protocol.Runtime.RemoteObject>>> {
    const properties = await this.#properties(object)
    if ('unknown' in properties) return properties
    const internals = properties.known.internalProperties ?? []
    return {
      known: new Map(
        internals.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
      ),
    }
  }

  async #word(array: ObjectRef, index: number): Promise<Answer<Word>> {
    const call = { objectId: array.id, objectGroup: OBJECT_GROUP, silent: true, throwOnSideEffect: true }
    const [word, store, type] = await Promise.all([
      this.#send(array.party, 'Runtime.callFunctionOn', {
        ...call,
        functionDeclaration: WORD,
        arguments: [{ value: index }],
        returnByValue: true,
      }),
      this.#send(array.party, 'Runtime.callFunctionOn', {
        ...call,
        functionDeclaration: 'function() { return this.buffer }',
      }),
      this.#valueOn(array, 'Object.getPrototypeOf(self).constructor.name', []),
    ])
    if (!word.ok || word.result.exceptionDetails !== undefined) return unreadable(word)
    const buffer = readValue(array.party, store)
    if (!('known' in buffer) || buffer.known.kind !== 'object') return { unknown: 'cannot be read here' }
    const [byte, value] = word.result.result.value as [number, number | string | null]
    if (value === null || value === undefined)
      return { unknown: 'no such name', detail: `no element ${index}` }
    const internals = await this.#internals(buffer.known.ref)
    if ('unknown' in internals) return internals
    const id = internals.known.get('[[ArrayBufferData]]')
    if (id === undefined) return { unknown: 'cannot be read here', detail: 'no backing store' }
    return {
      known: {
        buffer: String(id.value ?? id.description),
        byte,
        value: typeof value === 'string' ? BigInt(value.slice(0, -1)) : value,
        shared: buffer.known.className === 'SharedArrayBuffer',
        arrayType: 'known' in type && type.known.kind === 'string' ? type.known.value : 'typed array',
      },
    }
  }
}

function readMember(
  party: string,
  property: Protocol.Runtime.PropertyDescriptor | Protocol.Runtime.PrivatePropertyDescriptor,
): Member {
  const value: Answer<Value> =
    property.value === undefined
      ? { unknown: 'side effect', detail: 'an accessor' }
      : readValue(party, { ok: true, result: { result: property.value } })
  return { name: property.name, value }
}
