/** The functions on a stack that was read from memory, in the reader's terms: what is done with the inspector's frames is done with these. */
import { basename } from 'node:path'
import type { StackFunction, StackScript } from '../memory/stack-functions.ts'
import type { Frame } from '../snapshot/model.ts'
import type { ScriptTexts } from '../snapshot/question.ts'
import { inText } from '../sources/script-origin.ts'
import { ScriptSource } from '../sources/script-source.ts'
import { type OriginalPosition, type ReadFile, SourceMap, sourceMapUrlIn } from '../sources/source-map.ts'
import { SyntaxStore } from '../sources/syntax-store.ts'
import { frameNames } from './frame-names.ts'
import { ownerOf } from './frames.ts'
import { isInternal } from './script-library.ts'

export class StackFrames implements ScriptTexts {
  readonly #readFile: ReadFile
  readonly #isChanged: (path: string) => boolean
  readonly #keys = new Map<StackScript, string>()
  readonly #sources = new Map<string, ScriptSource>()
  readonly syntax = new SyntaxStore(this)

  /** `isChanged`: whether a file is newer than what ran. */
  constructor(readFile: ReadFile, isChanged: (path: string) => boolean) {
    this.#readFile = readFile
    this.#isChanged = isChanged
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

  /** The key of a script that a function on one of the stacks belongs to. */
  keyOf(script: StackScript): string | undefined {
    return this.#keys.get(script)
  }

  /** The key of any script, if it is the text of one of those. */
  keyOfText(script: StackScript): string | undefined {
    const key = textKey(script)
    return this.#sources.has(key) ? key : undefined
  }

  /** A script by its key. */
  source(key: string): ScriptSource | undefined {
    return this.#sources.get(key)
  }

  /** The frames, innermost first. */
  async of(functions: readonly StackFunction[], confidence: number): Promise<readonly Frame[]> {
    const scripts = new Set(functions.flatMap(({ script }) => script ?? []))
    await Promise.all([...scripts].map(script => this.#describe(script)))
    return functions.map(called => this.#frame(called, confidence))
  }

  /** A script's source with its map. */
  async #describe(script: StackScript): Promise<void> {
    const { url = '', text, startLine, startColumn } = script
    const key = textKey(script)
    this.#keys.set(script, key)
    if (this.#sources.has(key)) return
    const source = new ScriptSource(url, { startLine, startColumn }, this.#readFile)
    source.text = text
    source.bytecode = script.module
    this.#sources.set(key, source)
    const mapUrl = text === undefined ? undefined : sourceMapUrlIn(text)
    if (mapUrl !== undefined) source.map = await SourceMap.load(url, mapUrl, this.#readFile)
  }

  #frame(called: StackFunction, confidence: number): Frame {
    const { kind, function: name, script, line, column } = called
    if (kind === 'native') return this.#native(called, confidence)
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
    if (kind === 'wasm')
      return {
        function: name,
        class: null,
        file: source.file,
        ...place,
        owner: ownerOf(url, source.file),
        ...seen,
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
    const names = frameNames(source, this.syntax, key, frame, at)
    const sourceLine = source.line(at)
    const changed = [file, source.file].some(path => this.#isChanged(path))
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

  #native({ function: name, image = '' }: StackFunction, confidence: number): Frame {
    const noPlace = { unknown: 'native code' }
    return {
      function: name === '' ? `(${basename(image)})` : name,
      class: null,
      file: image === '' ? noPlace : image,
      line: noPlace,
      column: noPlace,
      kind: 'native',
      owner: isAddon(image) ? 'dependency' : 'node',
      seenBy: 'memory',
      confidence,
    }
  }
}

/** Equal for equal texts of one name, in whatever thread they run. */
export function textKey({ url = '', text = '', startLine, startColumn, module }: StackScript): string {
  const length = module?.length ?? text.length
  let hash = 0
  for (let at = 0; at < length; at++)
    hash = (Math.imul(hash, 31) + (module === undefined ? text.charCodeAt(at) : module[at]!)) | 0
  return `${url}#${hash >>> 0}:${length}:${startLine}:${startColumn}`
}

/** All other images are Node's, or what it runs on. */
function isAddon(image: string): boolean {
  return image.endsWith('.node')
}

const reasons = {
  wasm: 'its module could not be read from memory',
  native: 'native code',
  unknown: 'V8 has given up the code that these functions were inlined into',
  js: 'its script could not be read',
}
const untold = 'V8 keeps no position for it'
const evaluated = 'code without a file (eval or new Function)'
