/** What the rules were answered, as it is kept in a snapshot: without what nobody needs to run them again. */
import { gzipSync } from 'node:zlib'
import type { LockFacts } from '../locks/recognise.ts'
import { isUnknown, type Recording, type Unknown } from '../snapshot/model.ts'
import type { Answer, AnswerTo, ObjectRef, Question, Value } from '../snapshot/question.ts'
import { questionKey } from '../snapshot/question-key.ts'
import { bareText, namesIn } from '../sources/bare-text.ts'
import { StringMask } from '../sources/string-mask.ts'
import type { Syntax } from '../sources/syntax.ts'
import { parseFunctionSource } from '../sources/syntax.ts'
import { wholeLimit } from '../sources/syntax-store.ts'
import { withoutData } from '../sources/wasm/without-data.ts'
import type { FrameReader } from './frames.ts'
import type { RecordedRun } from './recorder.ts'
import { isInternal } from './script-library.ts'

type Answered = Recording['answers'][number]['answer']
type RecordedValue = Extract<Answered, { is: 'value' }>['value']
type RecordedScript = Recording['scripts'][number]

/** More is not kept, bytes of JSON: a snapshot is to be mailed and pasted. */
const LARGEST = 4_000_000
const LARGEST_TEXT = 2_000_000

/** Undefined where the rules had nothing to look at. */
export function recordingOf(
  run: RecordedRun,
  facts: LockFacts,
  reader: FrameReader,
): Recording | Unknown | undefined {
  if (run.stacks.size === 0) return undefined
  const recording = new Record(run, facts, reader).recording()
  if (isUnknown(recording)) return recording
  return JSON.stringify(recording).length > LARGEST ? tooLarge : recording
}

const tooLarge: Unknown = { unknown: 'the programs texts that the rules parsed are too large to be kept' }

class Record {
  readonly #run: RecordedRun
  readonly #facts: LockFacts
  readonly #reader: FrameReader
  readonly #ids = new Map<string, string>()
  readonly #mask: StringMask
  readonly #scripts: readonly string[]

  constructor(run: RecordedRun, facts: LockFacts, reader: FrameReader) {
    this.#run = run
    this.#facts = facts
    this.#reader = reader
    this.#scripts = this.#parsedScripts()
    const names = this.#scripts.flatMap(key => {
      const syntax = reader.syntax.of(key)
      return 'unknown' in syntax ? [] : namesIn(syntax)
    })
    // What the report says is there to be read.
    const shown = facts.resources.flatMap(({ label, aliases }) => [label, ...aliases.map(one => one.label)])
    this.#mask = new StringMask(names, shown.join('\n'))
  }

  recording(): Recording | Unknown {
    const { library } = this.#reader
    const length = this.#scripts.reduce(
      (sum, key) => sum + Math.min(library.get(key)?.length ?? 0, wholeLimit),
      0,
    )
    if (length > LARGEST_TEXT) return tooLarge
    return {
      stacks: [...this.#run.stacks].map(([party, activations]) => ({
        party,
        activations: activations.map(({ script, line, column, functionStart, functionName, wasmOffset }) => ({
          script,
          line,
          column,
          functionStart,
          functionName,
          ...(wasmOffset !== undefined && { wasmOffset }),
        })),
      })),
      others: [...this.#run.others],
      earlierWords: [...this.#run.earlierWords],
      sleptOn: [...this.#run.sleptOn].map(([party, words]) => ({ party, words: [...words] })),
      scripts: this.#scripts.map(key => this.#script(key)),
      answers: this.#run.exchanges.map(({ question, answer }) => ({
        question: this.#keyOf(question),
        answer: this.#answer(question, answer),
      })),
      resources: this.#facts.resources.map(({ id }) => id),
    }
  }

  /** Those on the stacks, and those that may have locks in them, in the order in which they were fetched. */
  #parsedScripts(): readonly string[] {
    const { library } = this.#reader
    const onStacks = new Set([...this.#run.stacks.values()].flat().map(({ script }) => script))
    return library.scripts.filter(key => {
      if (isInternal(library.url(key))) return false
      return onStacks.has(key) || library.get(key)?.includes('Atomics') === true
    })
  }

  #script(key: string): RecordedScript {
    const { library } = this.#reader
    const file = library.original(key, 1, 1).file
    const bytecode = library.bytecode(key)
    const asked = new Map(
      this.#run.originals.flatMap(one => (one.script === key ? [[`${one.line}:${one.column}`, one]] : [])),
    )
    const originals = [...asked.values()].flatMap(({ line, column }) => {
      const to = library.original(key, line, column)
      const stays = to.file === file && to.line === line && to.column === column && to.name === undefined
      return stays ? [] : [{ line, column, to: { ...to } }]
    })
    return {
      key,
      url: library.url(key),
      file,
      text: this.#text(key),
      originals,
      ...(bytecode !== undefined && {
        bytecode: gzipSync(withoutData(bytecode)).toString('base64'),
      }),
    }
  }

  #text(key: string): RecordedScript['text'] {
    const { library, syntax: store } = this.#reader
    const whole = store.of(key)
    if (!('unknown' in whole)) return bareText(whole, this.#mask)
    const full = library.get(key)
    if (full === undefined || !store.isTooLong(full)) return whole
    const pieces = new Map<string, { line: number; column: number; text: string }>()
    for (const { script, functionStart } of [...this.#run.stacks.values()].flat()) {
      if (script !== key || 'unknown' in functionStart) continue
      const { line, column } = functionStart
      const part = store.around(key, functionStart)
      const from = 'unknown' in part ? undefined : part.lines.offsetAt(line, column)
      if ('unknown' in part || from === undefined) continue
      const text = bareText(part, this.#mask).slice(from, part.root.end)
      pieces.set(`${line}:${column}`, { line, column, text })
    }
    return { pieces: withoutInner([...pieces.values()]) }
  }

  #keyOf(question: Question): string {
    const masked =
      'expression' in question
        ? { ...question, expression: this.#mask.inExpression(question.expression) }
        : question
    return questionKey(masked, object => this.#idOf(object))
  }

  #answer(question: Question, answer: Answer<AnswerTo<Question>>): Answered {
    if (!('known' in answer)) return { is: 'unknown', unknown: answer.unknown }
    switch (question.ask) {
      case 'place': {
        const { bound, ...place } = answer.known as AnswerTo<typeof question>
        const value = (one: Value) => this.#value(one)
        return {
          is: 'place',
          ...place,
          ...(bound && {
            bound: {
              target: value(bound.target),
              receiver: value(bound.receiver),
              arguments: bound.arguments.map(value),
            },
          }),
        }
      }
      case 'word': {
        const { value, ...word } = answer.known as AnswerTo<typeof question>
        const bigint = typeof value === 'bigint'
        return { is: 'word', ...word, bigint, value: bigint ? String(value) : numberOf(value) }
      }
      default:
        return { is: 'value', value: this.#value(answer.known as Value) }
    }
  }

  #value(value: Value): RecordedValue {
    switch (value.kind) {
      case 'number':
        return { kind: 'number', value: numberOf(value.value) }
      case 'bigint':
        return { kind: 'bigint', value: String(value.value) }
      case 'string':
        return { kind: 'string', value: JSON.parse(this.#mask.inExpression(JSON.stringify(value.value))) }
      case 'symbol':
        return { kind: 'symbol' }
      case 'object': {
        const { kind, ref, className, subtype } = value
        const id = this.#idOf(ref)
        return { kind, party: ref.party, id, className, ...(subtype !== undefined && { subtype }) }
      }
      case 'function': {
        const { kind, ref, className, source } = value
        return { kind, party: ref.party, id: this.#idOf(ref), className, source: this.#source(source) }
      }
      default:
        return value
    }
  }

  /** V8's names of objects are long, and tell of this one session. */
  #idOf({ party, id }: ObjectRef): string {
    const key = `${party} ${id}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const name = `o${this.#ids.size + 1}`
    this.#ids.set(key, name)
    return name
  }

  #source(source: string): (RecordedValue & { kind: 'function' })['source'] {
    if (source.endsWith('{ [native code] }')) return source
    for (const script of this.#scripts) {
      const text = this.#reader.library.get(script)
      if (text === undefined || this.#reader.syntax.isTooLong(text)) continue
      const from = text.indexOf(source)
      if (from >= 0) return { script, from, length: source.length }
    }
    const parsed = parseFunctionSource(source)
    return 'unknown' in parsed ? '' : bareSource(parsed, source, this.#mask)
  }
}

function bareSource(parsed: Syntax, source: string, mask: StringMask): string {
  const from = parsed.text.indexOf(source)
  return bareText(parsed, mask).slice(from, from + source.length)
}

/** A function inside of another one is there with it. */
function withoutInner(pieces: readonly { line: number; column: number; text: string }[]) {
  const ordered = [...pieces].sort((a, b) => a.line - b.line || a.column - b.column)
  let until = { line: 0, column: 0 }
  return ordered.filter(({ line, column, text }) => {
    if (line < until.line || (line === until.line && column < until.column)) return false
    const lines = text.split(/\r\n|[\n\r\u2028\u2029]/)
    const last = lines.at(-1)!.length
    until = { line: line + lines.length - 1, column: lines.length === 1 ? column + last : last + 1 }
    return true
  })
}

/** JSON has no word for these. */
function numberOf(value: number): number | string {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)
}
