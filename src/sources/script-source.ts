/** One script: the text that V8 runs, and what is known of the text that it was made from. Positions are in its text. */
import { inMap, type Position, reported, type ScriptOrigin } from './script-origin.ts'
import { pathOf } from './script-url.ts'
import { isStripped, lineAt } from './source-line.ts'
import type { OriginalPosition, ReadFile, SourceMap } from './source-map.ts'

/** The origin of a script that is a whole file. */
export const wholeFile: ScriptOrigin = { startLine: 0, startColumn: 0 }

const LONGEST_NAME = 60

export class ScriptSource {
  readonly url: string
  /** Its path where it has one, else its URL. */
  readonly file: string
  readonly origin: ScriptOrigin
  text: string | undefined
  /** Of a WebAssembly module. */
  bytecode: Uint8Array | undefined
  map: SourceMap | undefined
  readonly #readFile: ReadFile
  /** By position: in a long text a line is not found for nothing. */
  readonly #lines = new Map<string, string | undefined>()

  constructor(url: string, origin: ScriptOrigin, readFile: ReadFile) {
    this.url = url
    this.origin = origin
    this.file = fileOf(url, readFile)
    this.#readFile = readFile
  }

  /** Where the source map says that a position was written; undefined without a map, or where it has a hole. */
  mapped(position: Position): OriginalPosition | undefined {
    const { line, column } = inMap(this.origin, position)
    return this.map?.original(line, column)
  }

  /** The reader's position: the original one, else the one that V8 reports. */
  original(position: Position): OriginalPosition {
    return this.mapped(position) ?? { file: this.file, ...reported(this.origin, position) }
  }

  /** The text of an original file: from the map, else from the disk. */
  originalText(file: string): string | undefined {
    return this.map?.content(file) ?? (file.startsWith('/') ? this.#readFile(file) : undefined)
  }

  /** A line as somebody wrote it. */
  line(position: Position): string | undefined {
    if (this.text === undefined) return this.#lineAt(position)
    const key = `${position.line}:${position.column}:${this.map === undefined}`
    if (!this.#lines.has(key)) this.#lines.set(key, this.#lineAt(position))
    return this.#lines.get(key)
  }

  #lineAt(position: Position): string | undefined {
    const mapped = this.mapped(position)
    const text = mapped === undefined ? this.#unstripped(position.line) : this.originalText(mapped.file)
    const { line, column } = mapped ?? position
    return text === undefined ? undefined : lineAt(text, line, column)
  }

  /** The file, where it differs from what V8 runs by types that were blanked out; else what V8 runs. */
  #unstripped(line: number): string | undefined {
    const { text } = this
    if (text === undefined || !/\.[mc]?ts$/.test(this.file)) return text
    const written = this.#readFile(this.file)
    const [run, wrote] = [text, written].map(version => version?.split('\n', line)[line - 1])
    return run !== undefined && wrote !== undefined && isStripped(run, wrote) ? written : text
  }
}

function fileOf(url: string, readFile: ReadFile): string {
  const path = pathOf(url)
  if (path === undefined) {
    return url.startsWith('data:') && url.length > LONGEST_NAME ? `${url.slice(0, LONGEST_NAME)}…` : url
  }
  // A loader may have put a query behind a path: it is none of the file's.
  const query = path.lastIndexOf('?')
  return query > 0 && readFile(path) === undefined ? path.slice(0, query) : path
}
