/**
 * Answers the questions of `locks/` about frames that were read from memory: what contexts, objects and frames hold. Nothing of the process
 * runs or is asked.
 */
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
import type { Syntax } from '../../sources/syntax.ts'
import { parseFunctionSource } from '../../sources/syntax.ts'
import type { SyntaxStore } from '../../sources/syntax-store.ts'
import { isFunction, type Node } from '../../sources/syntax-tree.ts'
import type { FrameSlots, SuspendedSlots } from '../v8/javascript-frames.ts'
import type { Buffer, Objects, Property, Seen, View } from '../v8/objects.ts'
import type { Script } from '../v8/scripts.ts'
import { Evaluator } from './evaluator.ts'
import { ClosureNames, FrameNames } from './frame-names.ts'
import { FunctionCode, freeNames } from './function-code.ts'
import { GivenNames, ModuleNames } from './question-names.ts'
import { type Names, nothing, type Runtime, Unreadable } from './runtime.ts'
import { ToldValues } from './told-values.ts'

/** What is known of a function in progress. */
export interface FrameInMemory {
  /** Absent for one that was inlined. */
  readonly slots?: FrameSlots | SuspendedSlots
  /** Where the arguments stand of the builtin that it has called, and is in. */
  readonly given?: readonly number[]
  /** Of WebAssembly: its instance's memories. */
  readonly memories?: readonly Buffer[]
  /** Of WebAssembly that JavaScript has called: where the arguments stand. */
  readonly entered?: readonly number[]
}

export type FramesInMemory = ReadonlyMap<Activation, FrameInMemory>

export class MemoryValueSource implements ValueSource {
  readonly #objects: Objects
  readonly #store: SyntaxStore
  readonly #frames: FramesInMemory
  /** The key of a script by its name and text. */
  readonly #keyOf: (script: Script) => string | undefined
  readonly #evaluator: Evaluator
  readonly #code: FunctionCode
  readonly #values: ToldValues
  readonly #names = new Map<Activation, Names | undefined>()

  /** `keyOf`: of the scripts whose trees the store has. */
  constructor(
    objects: Objects,
    frames: FramesInMemory,
    store: SyntaxStore,
    keyOf: (script: Script) => string | undefined,
  ) {
    this.#objects = objects
    this.#frames = frames
    this.#store = store
    this.#keyOf = keyOf
    this.#code = new FunctionCode(objects, store, keyOf)
    this.#values = new ToldValues(objects, this.#code)
    this.#evaluator = new Evaluator(objects, closure => this.#code.called(closure))
  }

  ask<Q extends Question>(question: Q): Promise<Answer<AnswerTo<Q>>> {
    try {
      return Promise.resolve({ known: this.#answer(question) as AnswerTo<Q> })
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return Promise.resolve({ unknown: error.why, detail: error.detail })
    }
  }

  #answer(question: Question): Value | readonly Member[] | FunctionPlace | Word {
    switch (question.ask) {
      case 'value': {
        const { activation, expression } = question
        const value =
          this.#given(activation, expression) ?? this.#evaluate(expression, this.#namesIn(activation))
        return this.#values.told(activation.party, value)
      }
      case 'on': {
        const { object, others = [], expression } = question
        const given = new Map(
          [object, ...others].map((one, at) => [
            at === 0 ? 'self' : `other${at - 1}`,
            this.#values.held(one),
          ]),
        )
        return this.#values.told(object.party, this.#evaluate(expression, new GivenNames(given)))
      }
      case 'members':
        return this.#members(question.object)
      case 'closure':
        return this.#closure(question.function)
      case 'member':
        return valueNamed(this.#members(question.object), question.name)
      case 'variable':
        return valueNamed(this.#closure(question.function), question.name)
      case 'place':
        return this.#place(question.function)
      case 'word':
        return this.#word(question.array, question.index)
    }
  }

  #evaluate(expression: string, names: Names): Runtime {
    const parsed = parseFunctionSource(`() => (${expression})`)
    const [lambda] = 'unknown' in parsed ? [] : parsed.functions
    if ('unknown' in parsed || lambda === undefined)
      throw new Unreadable('cannot be read here', 'it could not be parsed')
    return this.#evaluator.evaluate(parsed, lambda.body as Node, names)
  }

  #namesIn(activation: Activation): Names {
    const known = this.#names.has(activation) ? this.#names.get(activation) : this.#read(activation)
    this.#names.set(activation, known)
    if (known === undefined) throw new Unreadable('optimised out', 'the function has no frame of its own')
    return known
  }

  /** An argument of the call that the function is in, which the builtin that was called has got: whatever it is called. */
  #given(activation: Activation, expression: string): Runtime | undefined {
    const { given } = this.#frames.get(activation) ?? {}
    const place = given && this.#placeOf(activation)
    const { call, exact } = place ? place.syntax.callAt(place.offset) : {}
    if (!given || !place || !call || exact !== true || call.arguments.length !== given.length)
      return undefined
    if (call.arguments.some(({ type }) => type === 'SpreadElement')) return undefined
    const at = call.arguments.findIndex(argument => place.syntax.textOf(argument) === expression)
    return at < 0 ? undefined : this.#objects.at(given[at]!)
  }

  #placeOf(activation: Activation) {
    const start = 'unknown' in activation.functionStart ? undefined : activation.functionStart
    const syntax = this.#store.around(activation.script, start)
    if ('unknown' in syntax) return undefined
    const offset = syntax.lines.offsetAt(activation.line, activation.column)
    return offset === undefined ? undefined : { syntax, offset, start }
  }

  #read(activation: Activation): Names | undefined {
    const { slots, memories, entered = [] } = this.#frames.get(activation) ?? {}
    if (memories !== undefined)
      return new ModuleNames(
        memories,
        entered.map(place => this.#objects.at(place) ?? nothing),
      )
    const place = this.#placeOf(activation)
    if (slots === undefined || place === undefined) return undefined
    const { syntax, offset, start } = place
    const from = start && syntax.lines.offsetAt(start.line, start.column)
    const owner = from === undefined ? syntax.functionAt(offset) : syntax.functionStartingAt(from, offset)
    // Code that is no function of the source's (the fields of a class, a text that was evaluated) has a frame of its own, but other names.
    if (from !== undefined && !beginsAt(syntax, owner, from)) return undefined
    return new FrameNames(this.#objects, slots, { syntax, owner, position: syntax.nodeAt(offset) })
  }

  #members(object: ObjectRef): readonly Member[] {
    const held = this.#values.held(object)
    if (held.kind !== 'object') throw new Unreadable('cannot be read here', 'it has no members')
    return this.#objects
      .members(held.at)
      .map(([name, property]) => ({ name, value: this.#toldProperty(object.party, property) }))
  }

  #toldProperty(party: string, property: Property): Answer<Value> {
    if (property.kind === 'accessor') return { unknown: 'side effect', detail: 'an accessor' }
    if (property.kind === 'unreadable') return { unknown: 'cannot be read here' }
    return this.#attempt(() => this.#values.told(party, property.value))
  }

  #closure(closure: ObjectRef): readonly Member[] {
    const held = this.#values.held(closure)
    if (held.kind !== 'object') throw new Unreadable('cannot be read here', 'it closes over nothing')
    const names = new ClosureNames(this.#objects, held.at)
    const code = this.#code.of(held.at)
    const found: Member[] = []
    for (const [name, value] of this.#objects.variables(this.#objects.context(held.at)))
      found.push({
        name,
        value:
          value === undefined
            ? { unknown: 'cannot be read here' }
            : this.#attempt(() => this.#values.told(closure.party, value)),
      })
    // What a module imports and exports is in cells of its own.
    const known = new Set(found.map(({ name }) => name))
    for (const name of code === undefined ? [] : freeNames(code)) {
      if (known.has(name)) continue
      const value = this.#attempt(() => this.#values.told(closure.party, names.lookup(name)))
      if ('known' in value) found.push({ name, value })
    }
    return found
  }

  #attempt<T>(read: () => T): Answer<T> {
    try {
      return { known: read() }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return { unknown: error.why, detail: error.detail }
    }
  }

  #place(ref: ObjectRef): FunctionPlace {
    const held = this.#values.held(ref)
    if (held.kind !== 'object') throw new Unreadable('cannot be read here', 'no function')
    const bound = this.#objects.sort(held.at) === 'bound function' ? this.#objects.bound(held.at) : undefined
    const target = bound?.target.kind === 'object' ? bound.target.at : held.at
    const code = this.#objects.code(target)
    const key = code && this.#keyOf(code.script)
    const at = code?.range && code.script.position(code.range.start)
    const place = {
      script: key ?? '',
      line: at === undefined ? 0 : at.line - code!.script.startLine,
      column: at?.column ?? 0,
    }
    if (bound !== undefined) {
      const told = (seen: Seen) => this.#values.told(ref.party, seen)
      return {
        ...place,
        bound: {
          target: told(bound.target),
          receiver: told(bound.receiver),
          arguments: bound.arguments.map(told),
        },
      }
    }
    if (key === undefined || at === undefined)
      throw new Unreadable('cannot be read here', 'the function has no source')
    return place
  }

  #word(array: ObjectRef, index: number): Word {
    const held = this.#values.held(array)
    const view =
      held.kind === 'view' ? held.view : held.kind === 'object' ? this.#objects.view(held.at) : undefined
    if (view === undefined) throw new Unreadable('cannot be read here', 'no typed array outside of the heap')
    if (!(index >= 0) || index >= view.length) throw new Unreadable('no such name', `no element ${index}`)
    return this.#wordIn(view, index)
  }

  #wordIn(view: View, index: number): Word {
    const buffer = this.#objects.bufferOf(view.buffer)
    const bytes = this.#objects.heap.memory.bytes(view.address + index * view.elementBytes, view.elementBytes)
    if (buffer === undefined || bytes === undefined) throw new Unreadable('cannot be read here', 'its memory')
    const wide = view.elementBytes === 8
    const signed = !/^(Big)?U/.test(view.type)
    const value = wide
      ? signed
        ? bytes.readBigInt64LE(0)
        : bytes.readBigUInt64LE(0)
      : signed
        ? bytes.readIntLE(0, view.elementBytes)
        : bytes.readUIntLE(0, view.elementBytes)
    const address = view.address + index * view.elementBytes
    const joined = buffer.id !== undefined
    return {
      buffer: joined ? String(buffer.id) : 'memory',
      byte: joined ? address - buffer.address : address,
      value,
      shared: buffer.shared,
      arrayType: view.type,
    }
  }
}

/** Whether V8 would say that a function starts there: at the parenthesis of its parameters, an arrow at its first character. */
function beginsAt({ text, root }: Syntax, owner: Node, from: number): boolean {
  if (!isFunction(owner)) return from <= root.start + 1
  if (owner.type === 'ArrowFunctionExpression') return owner.start === from
  return text.indexOf('(', owner.id ? owner.id.end : owner.start) === from || owner.start === from
}

function valueNamed(members: readonly Member[], name: string): Value {
  const value = members.find(one => one.name === name)?.value ?? {
    unknown: 'no such name' as const,
    detail: name,
  }
  if ('known' in value) return value.known
  throw new Unreadable(value.unknown, value.detail ?? name)
}
