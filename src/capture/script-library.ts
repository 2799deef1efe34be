/**
 * The texts of a process's scripts, fetched once each although many threads run them, with their source maps. All
 * lookups are synchronous: what the rules need was brought here before. Positions are those in a script's own text,
 * which differ from V8's for code that `vm` compiled with an offset.
 */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { StackFrame } from '../inspector/stack-frame.ts'
import type { ScriptTexts } from '../snapshot/question.ts'
import { inMap, type Position, reported, type ScriptOrigin } from '../sources/script-origin.ts'
import { pathOf } from '../sources/script-url.ts'
import { isStripped, lineAt } from '../sources/source-line.ts'
import { type OriginalPosition, type ReadFile, SourceMap, sourceMapUrlIn } from '../sources/source-map.ts'
import type { Clock } from './clock.ts'

interface Entry {
  readonly url: string
  /** Its path where it has one, else its URL. */
  readonly file: string
  readonly origin: ScriptOrigin
  text: string | undefined
  map: SourceMap | undefined
}

const SOURCE_MS = 1000
const wholeFile: ScriptOrigin = { startLine: 0, startColumn: 0 }

export class ScriptLibrary implements ScriptTexts {
  readonly #entries = new Map<string, Entry>()
  readonly #readFile: ReadFile

  constructor(readFile: ReadFile) {
    this.#readFile = readFile
  }

  get scripts(): readonly string[] {
    return [...this.#entries.keys()]
  }

  get(key: string): string | undefined {
    return this.#entries.get(key)?.text
  }

  url(key: string): string {
    return this.#entries.get(key)?.url ?? ''
  }

  /** The path of a script's file, else its URL. */
  file(key: string): string {
    return this.#entries.get(key)?.file ?? ''
  }

  origin(key: string): ScriptOrigin {
    return this.#entries.get(key)?.origin ?? wholeFile
  }

  /** Where the source map says that a position was written; undefined without a map, or where it has a hole. */
  mapped(key: string, position: Position): OriginalPosition | undefined {
    const entry = this.#entries.get(key)
    const { line, column } = inMap(entry?.origin ?? wholeFile, position)
    return entry?.map?.original(line, column)
  }

  original(key: string, line: number, column: number): OriginalPosition {
    const position = { line, column }
    return this.mapped(key, position) ?? { file: this.file(key), ...reported(this.origin(key), position) }
  }

  /** The text of an original file of a script: from its map, else from the disk. */
  originalText(key: string, file: string): string | undefined {
    return (
      this.#entries.get(key)?.map?.content(file) ?? (file.startsWith('/') ? this.#readFile(file) : undefined)
    )
  }

  /** A line as somebody wrote it. */
  sourceLine(key: string, position: Position): string | undefined {
    const mapped = this.mapped(key, position)
    if (mapped === undefined) return this.#unmappedLine(key, position)
    const text = this.originalText(key, mapped.file)
    return text === undefined ? undefined : lineAt(text, mapped.line, mapped.column)
  }

  /** The key of the script that a frame runs. */
  keyOf(thread: InspectedThread, frame: StackFrame): string {
    return thread.keyOf(frame.scriptId) ?? frame.url
  }

  /** Brings the texts and maps of the frames' scripts, each from the first thread that has it. */
  async fetch(
    stacks: Iterable<readonly [InspectedThread, readonly StackFrame[]]>,
    clock: Clock,
  ): Promise<void> {
    const fetches: Promise<void>[] = []
    for (const [thread, frames] of stacks) {
      for (const frame of frames) {
        const key = this.keyOf(thread, frame)
        if (this.#entries.has(key)) continue
        const script = thread.scripts.get(frame.scriptId)
        // V8 leaves long `data:` URLs out of its traces.
        const url = script?.url ?? frame.url
        const entry: Entry = {
          url,
          file: this.#fileOf(url),
          origin: script ?? wholeFile,
          text: undefined,
          map: undefined,
        }
        this.#entries.set(key, entry)
        if (!isInternal(url))
          fetches.push(this.#fill(entry, thread, frame.scriptId, script?.sourceMapUrl, clock))
      }
    }
    await Promise.all(fetches)
  }

  async #fill(
    entry: Entry,
    thread: InspectedThread,
    scriptId: string,
    announced: string | undefined,
    clock: Clock,
  ): Promise<void> {
    if (thread.enabled) entry.text = await thread.sourceOf(scriptId, clock.limit(SOURCE_MS))
    if (entry.text === undefined && entry.file.startsWith('/')) entry.text = this.#readFile(entry.file)
    const mapUrl = announced ?? (entry.text === undefined ? undefined : sourceMapUrlIn(entry.text))
    if (mapUrl !== undefined) entry.map = await SourceMap.load(entry.url, mapUrl, this.#readFile)
  }

  /** A loader may have put a query behind a path: it is none of the file's. */
  #fileOf(url: string): string {
    const path = pathOf(url)
    if (path === undefined) return url.startsWith('data:') && url.length > 60 ? `${url.slice(0, 60)}…` : url
    const query = path.lastIndexOf('?')
    return query > 0 && this.#readFile(path) === undefined ? path.slice(0, query) : path
  }

  #unmappedLine(key: string, { line, column }: Position): string | undefined {
    const { text, file } = this.#entries.get(key) ?? {}
    if (text === undefined || file === undefined) return undefined
    if (!/\.[mc]?ts$/.test(file)) return lineAt(text, line, column)
    const [stripped, written] = [text, this.#readFile(file)].map(
      version => version?.split('\n', line)[line - 1],
    )
    const whole = stripped !== undefined && written !== undefined && isStripped(stripped, written)
    return lineAt(whole ? this.#readFile(file)! : text, line, column)
  }
}

/** Node's own scripts, and what it puts around code from the command line: their positions mean nothing to a reader. */
export function isInternal(url: string): boolean {
  return url.startsWith('node:') || /^\[[\w ]*eval\]-wrapper$/.test(url)
}
