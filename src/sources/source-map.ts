/** From the text that V8 runs back to the text that somebody wrote. */
import type { BasicSourceMapConsumer, IndexedSourceMapConsumer } from 'source-map'
import { literalUrl, pathOf, resolvePath, urlOf } from './script-url.ts'

/** A position in an original source; 1-based. */
export interface OriginalPosition {
  /** Absolute path where the source is a file, else its name in the map (`webpack://app/./src/a.ts` as `src/a.ts`). */
  readonly file: string
  readonly line: number
  readonly column: number
  /** The identifier that stood there, where the map tells it. */
  readonly name?: string
}

/** Reads a file of the target; undefined where that is impossible. */
export type ReadFile = (path: string) => string | undefined

type Consumer = BasicSourceMapConsumer | IndexedSourceMapConsumer

/** One script's map. */
export class SourceMap {
  readonly #consumer: Consumer
  /** Where the map's relative names begin; undefined for code without a file, whose names are kept as they stand. */
  readonly #base: string | undefined
  readonly #readFile: ReadFile
  readonly #files = new Map<string, string>()
  #sources: ReadonlyMap<string, string> | undefined

  /** Undefined when there is no readable map behind the URL. `readFile` sees the target's file system. */
  static async load(
    scriptUrl: string,
    sourceMapUrl: string,
    readFile: ReadFile,
  ): Promise<SourceMap | undefined> {
    const path = pathOf(scriptUrl)
    const base = path === undefined ? undefined : urlOf(path)
    const found = sourceMapUrl.startsWith('data:')
      ? { json: decodeDataUrl(sourceMapUrl), url: base }
      : readMapFile(sourceMapUrl, base, readFile)
    if (found?.json === undefined) return undefined
    // 20 ms to load: only where a map is met.
    const { SourceMapConsumer } = await import('source-map')
    try {
      return new SourceMap(await new SourceMapConsumer(found.json), found.url, readFile)
    } catch {
      return undefined
    }
  }

  private constructor(consumer: Consumer, base: string | undefined, readFile: ReadFile) {
    this.#consumer = consumer
    this.#base = base
    this.#readFile = readFile
  }

  /** The original of a generated position; undefined where the map has none. */
  original(line: number, column: number): OriginalPosition | undefined {
    // A wrapper that was put before the text lies to the left of its first column.
    if (line < 1 || column < 1) return undefined
    const found = this.#consumer.originalPositionFor({ line, column: column - 1 })
    if (found.source === null || found.line === null) return undefined
    const name = found.name === null || !this.#begins(line, column, found) ? {} : { name: found.name }
    return { file: this.#fileOf(found.source), line: found.line, column: (found.column ?? 0) + 1, ...name }
  }

  /** The text of an original file (a `file` that `original` gave), when the map carries it. */
  content(file: string): string | undefined {
    this.#sources ??= new Map(this.#consumer.sources.map(source => [this.#fileOf(source), source]))
    const source = this.#sources.get(file)
    return source === undefined ? undefined : (this.#consumer.sourceContentFor(source, true) ?? undefined)
  }

  /** True when a segment begins just here: a name found further to the left is that of something else. */
  #begins(line: number, column: number, found: { line: number | null; column: number | null }): boolean {
    // LEAST_UPPER_BOUND, the package's constant, which is not worth importing it for.
    const next = this.#consumer.originalPositionFor({ line, column: column - 1, bias: 2 })
    return next.line === found.line && next.column === found.column
  }

  #fileOf(source: string): string {
    const known = this.#files.get(source)
    if (known !== undefined) return known
    const file = this.#resolve(source)
    this.#files.set(source, file)
    return file
  }

  #resolve(source: string): string {
    const bundled = /^webpack(?:-internal)?:\/\/[^/]*\/(.*)$/.exec(source)
    if (bundled !== null) return bundled[1]!.replace(/\?\w*$/, '')
    // A name is a URL, but many tools write plain paths.
    const literal = /[#?]/.test(source) ? resolvePath(literalUrl(source), this.#base) : undefined
    if (literal !== undefined && this.#readFile(literal) !== undefined) return literal
    return resolvePath(source, this.#base) ?? source
  }
}

/** The last `sourceMappingURL` comment of a text, which is the one that V8 takes. */
export function sourceMapUrlIn(text: string): string | undefined {
  const tail = text.slice(-2_000_000)
  return [...tail.matchAll(/^[ \t]*\/\/[#@][ \t]*sourceMappingURL=([^\s'"`]+)[ \t]*$/gm)].at(-1)?.[1]
}

function decodeDataUrl(url: string): string | undefined {
  const comma = url.indexOf(',')
  if (comma < 0) return undefined
  const data = url.slice(comma + 1)
  try {
    if (url.slice(0, comma).endsWith(';base64'))
      return Buffer.from(decodeURIComponent(data), 'base64').toString('utf8')
    return decodeURIComponent(data)
  } catch {
    return undefined
  }
}

function readMapFile(sourceMapUrl: string, base: string | undefined, readFile: ReadFile) {
  for (const url of [sourceMapUrl, literalUrl(sourceMapUrl)]) {
    const path = resolvePath(url, base)
    const json = path === undefined ? undefined : readFile(path)
    if (path !== undefined && json !== undefined) return { json, url: urlOf(path) }
  }
  return undefined
}
