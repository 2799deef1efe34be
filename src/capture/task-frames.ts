/** The functions of tasks as frames of the reader: what is done with the frames of stacks is done with these. */
import type { Activation, HeapGraph, HeapPlace } from '../heap/graph.ts'
import type { Frame, Place } from '../snapshot/model.ts'
import { type Position, reported } from '../sources/script-origin.ts'
import { ScriptSource, wholeFile } from '../sources/script-source.ts'
import { type ReadFile, SourceMap, sourceMapUrlIn } from '../sources/source-map.ts'
import { SyntaxStore } from '../sources/syntax-store.ts'
import { isFunction, type Node } from '../sources/syntax-tree.ts'
import { frameNames } from './frame-names.ts'
import { ownerOf } from './frames.ts'
import { isInternal } from './script-library.ts'

/** The files of a process, wherever they are. */
export interface ProcessFiles {
  readonly readFile: ReadFile
  /** Whether a file is newer than what ran. */
  readonly isChanged: (path: string) => boolean
}

export class TaskFrames {
  readonly #files: ProcessFiles
  readonly #readFile: ReadFile
  readonly #heap: HeapGraph
  readonly #sources = new Map<number, ScriptSource>()
  readonly #syntax = new SyntaxStore({ get: key => this.#sources.get(Number(key))?.text })
  readonly #frames = new Map<number, Frame>()
  readonly #changed = new Map<string, boolean>()

  constructor(files: ProcessFiles, heap: HeapGraph) {
    this.#files = files
    this.#heap = heap
    this.#readFile = files.readFile
  }

  /** Brings the texts and maps of the scripts that these functions are in. */
  async prepare(activations: Iterable<Activation>): Promise<void> {
    const loading: Promise<void>[] = []
    for (const { code } of activations) {
      const { place } = code
      if (place === undefined || this.#sources.has(place.scriptId)) continue
      const source = new ScriptSource(place.script, wholeFile, this.#readFile)
      this.#sources.set(place.scriptId, source)
      if (isInternal(place.script)) continue
      source.text = this.#heap.scriptSource(place.scriptId)
      const mapUrl = source.text === undefined ? undefined : sourceMapUrlIn(source.text)
      if (mapUrl !== undefined)
        loading.push(
          SourceMap.load(place.script, mapUrl, this.#readFile).then(map => {
            source.map = map
          }),
        )
    }
    await Promise.all(loading)
  }

  /** The frame of a suspended function at the place where it stands; without one, where its text begins. */
  of(activation: Activation, at: HeapPlace | undefined): Frame {
    const known = this.#frames.get(activation.node)
    if (known !== undefined) return known
    const frame = this.#read(activation, at)
    this.#frames.set(activation.node, frame)
    return frame
  }

  /** A position in the text of a function's script, as the reader knows it. */
  place({ code }: Activation, position: Position): Place | undefined {
    const source = code.place && this.#sources.get(code.place.scriptId)
    return source?.original(position)
  }

  #read({ code }: Activation, at: HeapPlace | undefined): Frame {
    const { place, name } = code
    const seen = {
      kind: 'js',
      seenBy: this.#heap.source === 'memory' ? 'memory' : 'inspector',
      confidence: 1,
    } as const
    const source = place && this.#sources.get(place.scriptId)
    if (place === undefined || source === undefined) {
      const unknown = { unknown: 'native code' }
      return {
        function: name,
        class: null,
        file: unknown,
        line: unknown,
        column: unknown,
        owner: 'node',
        ...seen,
      }
    }
    const position = at ?? place
    const mapped = source.mapped(position)
    const { file, ...where } = mapped ?? { file: source.file, ...reported(source.origin, position) }
    const owner = ownerOf(place.script, file)
    if (owner === 'node')
      return { function: name, class: null, file, line: where.line, column: where.column, owner, ...seen }
    const frame = {
      functionName: name,
      scriptId: String(place.scriptId),
      url: place.script,
      line: position.line,
      column: position.column,
      functionStart: { line: place.line, column: place.column },
      thisClass: undefined,
    }
    const key = String(place.scriptId)
    const own = frameNames(source, this.#syntax, key, frame, position)
    const writer = own.function === '(anonymous)' ? this.#writtenIn(key, place) : undefined
    const names =
      writer === undefined
        ? own
        : frameNames(source, this.#syntax, key, { ...frame, functionName: '', functionStart: writer }, writer)
    const sourceLine = at === undefined ? undefined : source.line(position)
    const generated = { file: source.file, line: position.line, column: position.column }
    return {
      function: names.function,
      class: names.class,
      file: file === '' ? { unknown: 'code without a file (eval or new Function)' } : file,
      line: where.line,
      column: where.column,
      ...(mapped !== undefined && { generated }),
      ...seen,
      owner,
      ...(sourceLine !== undefined && { sourceLine }),
      ...(names.titles.length > 0 && { titles: [...names.titles] }),
      ...([file, source.file].some(path => this.#isChanged(path)) && { sourceChanged: true }),
    }
  }

  /** Where the function begins that a compiler put this one into: what it passes to `__awaiter` and `__generator`. */
  #writtenIn(script: string, at: HeapPlace): Position | undefined {
    const syntax = this.#syntax.around(script, at)
    const offset = 'unknown' in syntax ? undefined : syntax.lines.offsetAt(at.line, at.column)
    if ('unknown' in syntax || offset === undefined) return undefined
    const inner = syntax.functionStartingAt(offset, offset)
    let fn = inner
    for (let call = syntax.parentOf(fn); call?.type === 'CallExpression'; call = syntax.parentOf(fn)) {
      // `__awaiter(…)`, `(0, tslib_1.__awaiter)(…)`
      if (!/^[\w$.(,\s)]*(?:await|async|generator)\w*\)?$/i.test(syntax.textOf(call.callee as Node))) break
      fn = syntax.ownerOf(call)
    }
    return fn === inner || !isFunction(fn) ? undefined : syntax.lines.positionAt(fn.start)
  }

  #isChanged(path: string): boolean {
    const known = this.#changed.get(path)
    if (known !== undefined) return known
    const changed = this.#files.isChanged(path)
    this.#changed.set(path, changed)
    return changed
  }
}
