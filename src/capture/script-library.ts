/**
 * The texts of a process's scripts, fetched once each although many threads run them, with their source maps. All
 * lookups are synchronous: what the rules need was brought here before.
 */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { StackFrame } from '../inspector/stack-frame.ts'
import type { ScriptTexts } from '../snapshot/question.ts'
import { type OriginalPosition, pathOf, SourceMap, sourceMapUrlIn } from '../sources/source-map.ts'
import type { Clock } from './clock.ts'

interface Entry {
  readonly url: string
  readonly sourceMapUrl: string | undefined
  text: string | undefined
  map: SourceMap | undefined
}

/** Reads a file of the target; undefined where that is impossible. */
export type ReadFile = (path: string) => string | undefined

const SOURCE_MS = 1000

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

  original(key: string, line: number, column: number): OriginalPosition {
    const entry = this.#entries.get(key)
    const url = entry?.url ?? ''
    return entry?.map?.original(line, column) ?? { file: pathOf(url) ?? url, line, column }
  }

  /** A line of an original file, trimmed: from the map, from what V8 runs, or from the disk. */
  sourceLine(key: string, { file, line }: OriginalPosition): string | undefined {
    const entry = this.#entries.get(key)
    const generated = entry?.map === undefined ? entry?.text : undefined
    const text =
      generated ?? entry?.map?.content(file) ?? (file.startsWith('/') ? this.#readFile(file) : undefined)
    const found = text?.split('\n', line)[line - 1]?.trim()
    // A line of a minified file tells a reader nothing.
    return found === undefined || found === '' || found.length > 200 ? undefined : found
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
        const entry: Entry = {
          url: frame.url,
          sourceMapUrl: thread.scripts.get(frame.scriptId)?.sourceMapUrl,
          text: undefined,
          map: undefined,
        }
        this.#entries.set(key, entry)
        if (!isInternal(frame.url)) fetches.push(this.#fill(entry, thread, frame.scriptId, clock))
      }
    }
    await Promise.all(fetches)
  }

  async #fill(entry: Entry, thread: InspectedThread, scriptId: string, clock: Clock): Promise<void> {
    if (thread.enabled) entry.text = await thread.sourceOf(scriptId, clock.limit(SOURCE_MS))
    const path = pathOf(entry.url)
    if (entry.text === undefined && path !== undefined) entry.text = this.#readFile(path)
    const mapUrl = entry.sourceMapUrl ?? (entry.text === undefined ? undefined : sourceMapUrlIn(entry.text))
    if (mapUrl !== undefined) entry.map = await SourceMap.load(entry.url, mapUrl, this.#readFile)
  }
}

/** Node's own scripts: never fetched, their positions mean nothing to a reader. */
export function isInternal(url: string): boolean {
  return url.startsWith('node:')
}
