/** Scripts and functions as V8 keeps them: names, texts, lines. */
import type { Heap } from './heap.ts'

export interface Position {
  /** 1-based. */
  readonly line: number
  readonly column: number
}

/** A script, each of whose properties is read when it is asked for. */
export class Script {
  readonly #heap: Heap
  readonly #object: number
  #text: { readonly value: string | undefined } | undefined
  #ends: readonly number[] | undefined

  constructor(heap: Heap, object: number) {
    this.#heap = heap
    this.#object = object
  }

  /** Its URL or path; empty for code without one (eval, `new Function`). */
  get name(): string | undefined {
    const { field } = this.#heap.layout
    const name = this.#heap.pointer(this.#object, field.scriptName)
    if (this.#heap.isString(name)) return this.#heap.text(name)
    return '' // Undefined, or a number.
  }

  get text(): string | undefined {
    this.#text ??= {
      value: this.#heap.text(this.#heap.pointer(this.#object, this.#heap.layout.field.scriptSource)),
    }
    return this.#text.value
  }

  /** The place of an offset in its text. */
  position(offset: number): Position | undefined {
    const ends = this.#lineEnds()
    if (ends === undefined || offset < 0) return undefined
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! < offset) low = middle + 1
      else high = middle
    }
    const last = ends.at(-1)
    if (last === undefined || offset > last) return undefined
    const start = low === 0 ? 0 : ends[low - 1]! + 1
    return {
      line: low + 1 + this.startLine,
      column: offset - start + 1 + (low === 0 ? this.startColumn : 0),
    }
  }

  /** Where its text begins in its file, 0-based (`vm` takes such an offset). */
  get startLine(): number {
    return this.#smi(this.#heap.layout.field.scriptLineOffset) ?? 0
  }

  get startColumn(): number {
    return this.#smi(this.#heap.layout.field.scriptLineOffset + 8) ?? 0
  }

  #smi(offset: number): number | undefined {
    const value = this.#heap.smi(this.#object, offset)
    return value === undefined || value < 0 || value > 2 ** 30 ? undefined : value
  }

  /** Offsets of the ends of its lines: those that V8 has worked out already, else from its text. */
  #lineEnds(): readonly number[] | undefined {
    if (this.#ends) return this.#ends
    const { field } = this.#heap.layout
    const array = this.#heap.pointer(this.#object, field.scriptLineEnds)
    const length = this.#heap.arrayLength(array)
    if (array !== undefined && length !== undefined && length > 0) {
      const bytes = this.#heap.memory.bytes(this.#heap.elementAt(array, 0), length * 8)
      if (bytes !== undefined)
        this.#ends = Array.from({ length }, (_, index) => bytes.readInt32LE(index * 8 + 4))
    }
    if (this.#ends === undefined && this.text !== undefined) this.#ends = lineEnds(this.text)
    return this.#ends
  }
}

/** V8 ends lines at LF, CR, CR LF, LS and PS (String::CalculateLineEnds); the end of the text is one too. */
export function lineEnds(text: string): readonly number[] {
  const ends: number[] = []
  for (const { index, 0: end } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) ends.push(index + end.length - 1)
  ends.push(text.length)
  return ends
}

/** The script of a function; undefined for builtins. */
export function scriptOf(heap: Heap, shared: number): number | undefined {
  const { field } = heap.layout
  const script = heap.pointer(shared, field.sharedScript)
  if (heap.is(script, 'SCRIPT')) return script
  if (script === undefined || !heap.is(script, 'DEBUG_INFO')) return undefined
  // While it is debugged, its script stands in what the debugger keeps of it.
  for (let offset = 8; offset <= 96; offset += 8) {
    const slot = heap.pointer(script, offset)
    if (heap.is(slot, 'SCRIPT')) return slot
  }
  return undefined
}

/** Offsets in the script's text: where a function begins and, exclusive, where it ends. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Where a function stands in its script's text: from the parenthesis of its parameters on. */
export function functionRange(heap: Heap, shared: number): Range | undefined {
  const named = heap.pointer(shared, heap.layout.field.sharedName)
  if (heap.is(named, 'SCOPE_INFO')) return describe(heap, named!)?.range
  // What was never compiled (src/objects/shared-function-info.tq, UncompiledData).
  for (const at of [8, 16]) {
    const data = heap.pointer(shared, at)
    if (!heap.isUncompiled(data)) continue
    const [start, end] = [heap.int32(data, 16), heap.int32(data, 20)]
    return start === undefined || end === undefined ? undefined : range(start, end)
  }
  return undefined
}

function range(start: number | undefined, end: number | undefined): Range | undefined {
  return start !== undefined && end !== undefined && start >= 0 && start <= end && end < 2 ** 30
    ? { start, end }
    : undefined
}

/** The name that a function was given, or that V8 inferred for it; empty for one without. */
export function functionName(heap: Heap, shared: number): string | undefined {
  const named = heap.pointer(shared, heap.layout.field.sharedName)
  if (heap.isString(named)) return heap.text(named)
  return named !== undefined && heap.is(named, 'SCOPE_INFO') ? describe(heap, named)?.name : ''
}

interface Described {
  readonly name: string | undefined
  readonly range: Range | undefined
}

/**
 * A ScopeInfo's slots (src/objects/scope-info.tq): flags, counts, then two for each variable in the context (or one, and a table of
 * names, where there are many), then what the flags announce. Where the text begins and ends stands behind the counts since 13.x, before that behind the names.
 */
function describe(heap: Heap, scope: number): Described | undefined {
  const { layout } = heap
  const slot = (index: number) => 8 + 8 * index
  // A small integer until 12.x, plain bits in later ones.
  const flags = layout.version < 1300 ? heap.smi(scope, slot(0)) : heap.uint32(scope, slot(0))
  const variables = heap.smi(scope, slot(2))
  if (flags === undefined || variables === undefined || variables < 0 || variables > 65536) return undefined
  // A module's begins with how many variables it shares with others: a number where a name would be (since 12.x).
  const isModule =
    (variables > 0 || (flags & (3 << 12)) !== 0) &&
    (flags & (1 << 10)) === 0 &&
    heap.smi(scope, slot(layout.scopeInfoNames)) !== undefined
  let index = layout.scopeInfoNames + (isModule ? 1 : 0) + (variables < 75 ? 2 * variables : 1 + variables)
  if (flags & (1 << 10)) index += 1 // a class's variable that was saved
  const nameAt = (at: number) => {
    const name = heap.pointer(scope, slot(at))
    return heap.isString(name) ? heap.text(name) : ''
  }
  let name: string | undefined = ''
  if (flags & (3 << 12)) {
    name = nameAt(index)
    index += 2
  }
  if (flags & (1 << 14)) {
    if (name === '') name = nameAt(index)
    index += 1
  }
  const places = layout.scopeInfoNames > 3 ? 3 : index
  return { name, range: range(heap.smi(scope, slot(places)), heap.smi(scope, slot(places + 1))) }
}
