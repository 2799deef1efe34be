/** From the text that V8 runs back to the text that somebody wrote. */
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BasicSourceMapConsumer, IndexedSourceMapConsumer } from 'source-map'

/** A position in an original source; 1-based. */
export interface OriginalPosition {
  /** Absolute path where the source is a file, else its name in the map (`webpack://app/./src/a.ts` as `./src/a.ts`). */
  readonly file: string
  readonly line: number
  readonly column: number
  /** The identifier that stood there, where the map tells it. */
  readonly name?: string
}

type Consumer = BasicSourceMapConsumer | IndexedSourceMapConsumer

/** One script's map. */
export class SourceMap {
  readonly #consumer: Consumer
  readonly #base: string

  /** Undefined when there is no readable map behind the URL. `readFile` sees the target's file system. */
  static async load(
    scriptUrl: string,
    sourceMapUrl: string,
    readFile: (path: string) => string | undefined,
  ): Promise<SourceMap | undefined> {
    const base = asFileUrl(scriptUrl)
    const found = sourceMapUrl.startsWith('data:')
      ? { json: decodeDataUrl(sourceMapUrl), url: base }
      : readMapFile(sourceMapUrl, base, readFile)
    if (found?.json === undefined) return undefined
    // 20 ms to load: only where a map is met.
    const { SourceMapConsumer } = await import('source-map')
    try {
      return new SourceMap(await new SourceMapConsumer(found.json), found.url)
    } catch {
      return undefined
    }
  }

  private constructor(consumer: Consumer, base: string) {
    this.#consumer = consumer
    this.#base = base
  }

  /** The original of a generated position; undefined where the map has none. */
  original(line: number, column: number): OriginalPosition | undefined {
    const found = this.#consumer.originalPositionFor({ line, column: column - 1 })
    if (found.source === null || found.line === null) return undefined
    return {
      file: this.#fileOf(found.source),
      line: found.line,
      column: (found.column ?? 0) + 1,
      ...(found.name === null ? {} : { name: found.name }),
    }
  }

  /** The text of an original file (a `file` that `original` gave), when the map carries it. */
  content(file: string): string | undefined {
    const source = this.#consumer.sources.find(name => this.#fileOf(name) === file)
    return source === undefined ? undefined : (this.#consumer.sourceContentFor(source, true) ?? undefined)
  }

  #fileOf(source: string): string {
    const bundled = /^webpack(?:-internal)?:\/\/[^/]*\/(.*)$/.exec(source)
    if (bundled !== null) return bundled[1]!.replace(/\?\w+$/, '')
    try {
      const url = new URL(source, this.#base)
      return url.protocol === 'file:' ? fileURLToPath(url) : source
    } catch {
      return source
    }
  }
}

/** The path of a script's file; undefined for code that has none (`node:…`, `[worker eval]`, `''`). */
export function pathOf(scriptUrl: string): string | undefined {
  if (scriptUrl.startsWith('/')) return scriptUrl.replace(/\?.*$/, '')
  if (!scriptUrl.startsWith('file://')) return undefined
  try {
    const url = new URL(scriptUrl)
    url.search = ''
    url.hash = ''
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}

/** The `sourceMappingURL` that a text ends with, as V8 reads it. */
export function sourceMapUrlIn(text: string): string | undefined {
  const tail = text.slice(-2_000_000)
  const at = Math.max(tail.lastIndexOf('//# sourceMappingURL='), tail.lastIndexOf('//@ sourceMappingURL='))
  return at < 0 ? undefined : /^\S+/.exec(tail.slice(at + '//# sourceMappingURL='.length))?.[0]
}

function asFileUrl(scriptUrl: string): string {
  const path = pathOf(scriptUrl)
  return path === undefined ? 'file:///' : pathToFileURL(path).href
}

function decodeDataUrl(url: string): string | undefined {
  const comma = url.indexOf(',')
  if (comma < 0) return undefined
  const data = url.slice(comma + 1)
  if (url.slice(0, comma).endsWith(';base64')) return Buffer.from(data, 'base64').toString('utf8')
  try {
    return decodeURIComponent(data)
  } catch {
    return undefined
  }
}

function readMapFile(sourceMapUrl: string, base: string, readFile: (path: string) => string | undefined) {
  try {
    const url = new URL(sourceMapUrl, base)
    if (url.protocol !== 'file:') return undefined
    return { json: readFile(fileURLToPath(url)), url: url.href }
  } catch {
    return undefined
  }
}
