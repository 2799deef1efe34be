/**
 * The stack of a blocked thread as its memory shows it, in the reader's terms: what is done with the inspector's frames is done with these.
 */
import { readThreadStack, restMark, type StackFunction, type StackScript } from '../memory/thread-stack.ts'
import type { Target } from '../process/target.ts'
import { type Frame, isUnknown, type Unknown } from '../snapshot/model.ts'
import { inText } from '../sources/script-origin.ts'
import { ScriptSource } from '../sources/script-source.ts'
import { type ReadFile, SourceMap, sourceMapUrlIn } from '../sources/source-map.ts'
import { SyntaxStore } from '../sources/syntax-store.ts'
import { frameNames } from './frame-names.ts'
import { ownerOf } from './frames.ts'
import { isInternal } from './script-library.ts'
import { changedSinceStart, readTargetFile } from './target-files.ts'

interface Seen {
  readonly mark: string | undefined
  readonly frames: readonly Frame[] | Unknown
}

export class MemoryFrames {
  readonly #target: Target
  readonly #readFile: ReadFile
  readonly #keys = new Map<StackScript, string>()
  readonly #sources = new Map<string, ScriptSource>()
  readonly #syntax = new SyntaxStore({ get: key => this.#sources.get(key)?.text })
  readonly #seen = new Map<number, Seen>()

  constructor(target: Target) {
    this.#target = target
    this.#readFile = path => readTargetFile(target, path)
  }

  /** The frames of a thread, innermost first; what was read is not read again while the thread does not leave its wait. */
  async of(tid: number): Promise<readonly Frame[] | Unknown> {
    const { pid, executable, runtime } = this.#target
    if (runtime.arch !== 'x64')
      return { unknown: `stacks are read from memory for x64 only, not for ${runtime.arch}` }
    const before = this.#seen.get(tid)
    if (before?.mark !== undefined && before.mark === restMark(pid, tid)) return before.frames
    const mark = restMark(pid, tid)
    const stack = readThreadStack(pid, tid, executable)
    const frames = isUnknown(stack) ? stack : await this.#frames(stack.functions, stack.confidence)
    this.#seen.set(tid, { mark, frames })
    return frames
  }

  async #frames(functions: readonly StackFunction[], confidence: number): Promise<readonly Frame[]> {
    const scripts = new Set(functions.flatMap(({ script }) => script ?? []))
    await Promise.all([...scripts].map(script => this.#describe(script)))
    return functions.map(called => this.#frame(called, confidence))
  }

  /** A script's source with its map. */
  async #describe(script: StackScript): Promise<void> {
    const { url = '', text, startLine, startColumn } = script
    const key = `${url}#${startLine}:${text?.length ?? 0}:${this.#keys.size}`
    const source = new ScriptSource(url, { startLine, startColumn }, this.#readFile)
    source.text = text
    const mapUrl = text === undefined ? undefined : sourceMapUrlIn(text)
    if (mapUrl !== undefined) source.map = await SourceMap.load(url, mapUrl, this.#readFile)
    this.#keys.set(script, key)
    this.#sources.set(key, source)
  }

  #frame({ kind, function: name, script, line, column }: StackFunction, confidence: number): Frame {
    const place = { line: line ?? { unknown: untold }, column: column ?? { unknown: untold } }
    const seen = { kind: kind === 'wasm' ? kind : ('js' as const), seenBy: 'memory' as const, confidence }
    const key = script && this.#keys.get(script)
    const source = key === undefined ? undefined : this.#sources.get(key)
    if (source === undefined || key === undefined || script?.url === undefined) {
      const why = reasons[kind]
      return { function: name, class: null, file: { unknown: why }, ...place, owner: 'program', ...seen }
    }
    const { url } = source
    if (line === undefined || column === undefined || isInternal(url)) {
      const file = source.file === '' ? { unknown: evaluated } : source.file
      return { function: name, class: null, file, ...place, owner: ownerOf(url, source.file), ...seen }
    }
    const at = inText(source.origin, { line, column })
    const mapped = source.mapped(at)
    const moved =
      mapped !== undefined &&
      (mapped.file !== source.file || mapped.line !== line || mapped.column !== column)
    const file = mapped?.file ?? source.file
    const frame = {
      functionName: name,
      scriptId: '',
      url,
      line,
      column,
      functionStart: undefined,
      thisClass: undefined,
    }
    const names = frameNames(source, this.#syntax, key, frame, at)
    const sourceLine = source.line(at)
    const changed = [file, source.file].some(path => changedSinceStart(this.#target, path))
    return {
      function: names.function,
      class: names.class,
      file: file === '' ? { unknown: evaluated } : file,
      line: mapped?.line ?? line,
      column: mapped?.column ?? column,
      ...(moved ? { generated: { file: source.file, line, column } } : {}),
      ...seen,
      owner: ownerOf(url, file),
      ...(sourceLine === undefined ? {} : { sourceLine }),
      ...(names.titles.length === 0 ? {} : { titles: [...names.titles] }),
      ...(changed ? { sourceChanged: true } : {}),
    }
  }
}

const reasons = {
  wasm: 'modules are not read from memory',
  unknown: 'V8 has given up the code that these functions were inlined into',
  js: 'its script could not be read',
}
const untold = 'V8 keeps no position for it'
const evaluated = 'code without a file (eval or new Function)'
