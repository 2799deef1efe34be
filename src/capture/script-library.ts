/**
 * The texts of a process's scripts, fetched once each although many threads run them, with their source maps. All
 * lookups are synchronous: what the rules need was brought here before.
 */
import { createHash } from 'node:crypto'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { Script } from '../inspector/script.ts'
import type { StackFrame } from '../inspector/stack-frame.ts'
import type { ScriptTexts } from '../snapshot/question.ts'
import { ScriptSource, wholeFile } from '../sources/script-source.ts'
import { type OriginalPosition, type ReadFile, SourceMap, sourceMapUrlIn } from '../sources/source-map.ts'
import type { Clock } from './clock.ts'

const SOURCE_MS = 1000
/** Modules come as text through the thread that runs them: a larger one would take longer than it helps. */
const LARGEST_MODULE = 8_000_000
/** V8's hash of a script is the SHA-256 of its UTF-8 since Node 20 (src/inspector/v8-debugger-script.cc). */
const LONG_TEXT = 100_000

export class ScriptLibrary implements ScriptTexts {
  readonly #sources = new Map<string, ScriptSource>()
  readonly #readFile: ReadFile

  constructor(readFile: ReadFile) {
    const files = new Map<string, string | undefined>()
    this.#readFile = path => {
      if (!files.has(path)) files.set(path, readFile(path))
      return files.get(path)
    }
  }

  get scripts(): readonly string[] {
    return [...this.#sources.keys()]
  }

  get(key: string): string | undefined {
    return this.#sources.get(key)?.text
  }

  bytecode(key: string): Uint8Array | undefined {
    return this.#sources.get(key)?.bytecode
  }

  url(key: string): string {
    return this.#sources.get(key)?.url ?? ''
  }

  original(key: string, line: number, column: number): OriginalPosition {
    return this.#sources.get(key)?.original({ line, column }) ?? { file: '', line, column }
  }

  /** A script by its key. */
  source(key: string): ScriptSource | undefined {
    return this.#sources.get(key)
  }

  /** One that was read elsewhere. */
  add(key: string, source: ScriptSource): void {
    this.#sources.set(key, source)
  }

  /** The script that a frame runs; one without a text where nothing was fetched. */
  sourceOf(thread: InspectedThread, frame: StackFrame): ScriptSource {
    return this.#sources.get(this.keyOf(thread, frame)) ?? this.#describe(thread, frame)
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
        if (this.#sources.has(key)) continue
        const source = this.#describe(thread, frame)
        this.#sources.set(key, source)
        if (!isInternal(source.url)) fetches.push(this.#fill(source, thread, frame.scriptId, clock))
      }
    }
    await Promise.all(fetches)
  }

  #describe(thread: InspectedThread, frame: StackFrame): ScriptSource {
    const script = thread.scripts.get(frame.scriptId)
    // V8 leaves long `data:` URLs out of its traces.
    return new ScriptSource(script?.url ?? frame.url, script ?? wholeFile, this.#readFile)
  }

  /** A long text need not come through the thread where a file has it: the hash of it proves that. */
  #sameAsFile(file: string, { hash, length }: Script): string | undefined {
    if (length < LONG_TEXT || !/^[0-9a-f]{64}$/.test(hash) || !file.startsWith('/')) return undefined
    const text = this.#readFile(file)
    return text?.length === length && createHash('sha256').update(text).digest('hex') === hash
      ? text
      : undefined
  }

  async #fill(source: ScriptSource, thread: InspectedThread, scriptId: string, clock: Clock): Promise<void> {
    const { file, url } = source
    const script = thread.scripts.get(scriptId)
    if (script?.language === 'WebAssembly') {
      if (script.length <= LARGEST_MODULE)
        source.bytecode = await thread.bytecodeOf(scriptId, clock.limit(SOURCE_MS))
      return
    }
    source.text = script && this.#sameAsFile(file, script)
    if (thread.enabled && source.text === undefined)
      source.text = await thread.sourceOf(scriptId, clock.limit(SOURCE_MS))
    if (source.text === undefined && file.startsWith('/')) source.text = this.#readFile(file)
    const announced = script?.sourceMapUrl
    const mapUrl = announced ?? (source.text === undefined ? undefined : sourceMapUrlIn(source.text))
    if (mapUrl !== undefined) source.map = await SourceMap.load(url, mapUrl, this.#readFile)
  }
}

/** Node's own scripts, and what it puts around code from the command line: their positions mean nothing to a reader. */
export function isInternal(url: string): boolean {
  return url.startsWith('node:') || /^\[[\w ]*eval\]-wrapper$/.test(url)
}
