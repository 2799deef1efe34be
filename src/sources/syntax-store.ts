import { namesDeclaredIn } from './declared-names.ts'
import { LineTable } from './line-table.ts'
import {
  parseFunctionAt,
  parseFunctionSource,
  parseScript,
  type Syntax,
  type SyntaxFailure,
} from './syntax.ts'

/** Larger texts take longer to parse (9 MB: 2 s) than a capture may: of these only single functions are parsed. */
export const wholeLimit = 300_000
/** A bundle with locks of its own is worth some time: only the whole tells which of its functions have to do with them. */
const bundleLimit = 2_000_000

/** Whether a text mentions `Atomics` as code does that uses it. */
export function usesAtomics(text: string): boolean {
  return /\bAtomics\s*[.[,;)}]/.test(text)
}

/** The number of characters up to which a text is parsed whole, by whether it uses `Atomics`. */
export function longestWhole(atomics: boolean): number {
  return atomics ? bundleLimit : wholeLimit
}

interface Texts {
  get(script: string): string | undefined
  /** Why there is no text, where that is known. */
  missing?(script: string): string | undefined
}

/** Parses each text once, when it is first asked for. */
export class SyntaxStore {
  readonly #texts: Texts
  readonly #whole = new Map<string, Syntax | SyntaxFailure>()
  readonly #functions = new Map<string, Syntax | SyntaxFailure>()
  readonly #sources = new Map<string, Syntax | SyntaxFailure>()
  readonly #lines = new Map<string, LineTable>()
  readonly #parsed = new Map<string, Syntax | SyntaxFailure>()
  readonly #names = new Map<string, ReadonlySet<string>>()
  readonly #atomic = new Map<string, boolean>()

  constructor(texts: Texts) {
    this.#texts = texts
  }

  /** The tree of a script; a failure when it is too big or no JavaScript. */
  of(script: string): Syntax | SyntaxFailure {
    return remember(this.#whole, script, () => {
      const text = this.#texts.get(script)
      if (text === undefined)
        return { unknown: this.#texts.missing?.(script) ?? 'its source could not be had' }
      return this.#parse(text)
    })
  }

  /** Parses a text that a script is likely to have, while nothing else can be done. */
  parseAhead(text: string): void {
    this.#parse(text)
  }

  #parse(text: string): Syntax | SyntaxFailure {
    if (this.isTooLong(text)) return { unknown: 'its source is too big to parse whole' }
    return remember(this.#parsed, text, () => parseScript(text))
  }

  /** The tree around a function that starts at a position: of the script where that parses, else of the function. */
  around(script: string, start: { line: number; column: number } | undefined): Syntax | SyntaxFailure {
    const whole = this.of(script)
    if (!('unknown' in whole) || !start) return whole
    const text = this.#texts.get(script)
    if (text === undefined) return whole
    return remember(this.#functions, `${script}:${start.line}:${start.column}`, () => {
      const lines = remember(this.#lines, script, () => new LineTable(text))
      const offset = lines.offsetAt(start.line, start.column)
      return offset === undefined
        ? { unknown: 'its position is outside of the text' }
        : parseFunctionAt(text, offset, lines)
    })
  }

  /** Whether only single functions of a text are parsed. */
  isTooLong(text: string): boolean {
    return text.length > wholeLimit && text.length > longestWhole(this.usesAtomics(text))
  }

  /** `usesAtomics` of a text: to search a long one takes tens of milliseconds. */
  usesAtomics(text: string): boolean {
    return remember(this.#atomic, text, () => usesAtomics(text))
  }

  /** What goes by the name of a function in a text that is too long to parse. */
  namesIn(text: string): ReadonlySet<string> {
    return remember(this.#names, text, () => namesDeclaredIn(text))
  }

  /** The tree of a function's own source text, where no script is known that holds it. */
  ofSource(source: string): Syntax | SyntaxFailure {
    return remember(this.#sources, source, () => parseFunctionSource(source))
  }
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
