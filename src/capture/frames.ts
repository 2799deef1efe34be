/** V8's frames turned into the reader's: classes, original positions, source lines, whose code it is. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { StackFrame } from '../inspector/stack-frame.ts'
import type { Frame } from '../snapshot/model.ts'
import type { Activation } from '../snapshot/question.ts'
import { declaredName, enclosingClass, isTopLevel, nameOffset } from '../sources/function-names.ts'
import { inText, type Position } from '../sources/script-origin.ts'
import type { OriginalPosition } from '../sources/source-map.ts'
import type { Syntax } from '../sources/syntax.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'
import type { Node } from '../sources/syntax-tree.ts'
import { isInternal, type ScriptLibrary } from './script-library.ts'

export interface FrameReader {
  readonly library: ScriptLibrary
  readonly syntax: SyntaxStore
  /** Whether a file is newer than the process; false where that cannot be told. */
  readonly changedSinceStart: (path: string) => boolean
}

/** One frame as the reader sees it. */
export function readFrame(reader: FrameReader, thread: InspectedThread, frame: StackFrame): Frame {
  const { library } = reader
  const key = library.keyOf(thread, frame)
  const wasm =
    frame.url.startsWith('wasm://') || thread.scripts.get(frame.scriptId)?.language === 'WebAssembly'
  const generated = { file: library.file(key) || frame.url, line: frame.line, column: frame.column }
  const at = inText(library.origin(key), frame)
  const original = (wasm ? undefined : library.mapped(key, at)) ?? generated
  const owner = ownerOf(frame.url, original.file)
  const own = owner !== 'node' && !wasm
  const names = own
    ? namesOf(reader, key, frame, at)
    : { function: frame.functionName, class: null, given: null }
  const moved =
    original.file !== generated.file ||
    original.line !== generated.line ||
    original.column !== generated.column
  const line = own ? library.sourceLine(key, at) : undefined
  return {
    function: names.function,
    class: names.class,
    ...(frame.thisClass === undefined || frame.thisClass === names.given
      ? {}
      : { thisClass: frame.thisClass }),
    file: original.file === '' ? { unknown: 'code without a file (eval or new Function)' } : original.file,
    line: original.line,
    column: original.column,
    ...(moved ? { generated } : {}),
    kind: wasm ? 'wasm' : 'js',
    owner,
    seenBy: 'inspector',
    confidence: 1,
    ...(line === undefined ? {} : { sourceLine: line }),
    // A new build lies as well as a new source: its map is not that of the code that runs.
    ...(reader.changedSinceStart(original.file) || reader.changedSinceStart(generated.file)
      ? { sourceChanged: true }
      : {}),
  }
}

/** The frames of a paused thread as the rules of `locks/` take them: all of them, innermost first. */
export function readActivations(
  reader: FrameReader,
  thread: InspectedThread,
  party: string,
  frames: readonly (readonly [StackFrame, Frame])[],
): readonly Activation[] {
  return frames.map(([frame, seen], index) => {
    const script = reader.library.keyOf(thread, frame)
    const origin = reader.library.origin(script)
    return {
      party,
      index,
      script,
      ...inText(origin, frame),
      functionStart: frame.functionStart
        ? inText(origin, frame.functionStart)
        : { unknown: 'only a paused frame tells it' },
      functionName: frame.functionName,
      frame: seen,
      ...(seen.kind === 'wasm' ? { wasmOffset: frame.column - 1 } : {}),
    }
  })
}

interface Names {
  readonly function: string
  readonly class: string | null
  /** The class's name in the text that V8 runs. */
  readonly given: string | null
}

/** The names that people gave: the source map's where the text was minified. */
function namesOf(reader: FrameReader, key: string, frame: StackFrame, at: Position): Names {
  const around = functionAround(reader, key, frame, at)
  if (around === undefined)
    return { function: givenName(frame, undefined) ?? '(anonymous)', class: null, given: null }
  const { syntax, fn } = around
  if (isTopLevel(fn)) return { function: '(module)', class: null, given: null }
  const originalOf = (offset: number) => reader.library.mapped(key, syntax.lines.positionAt(offset))
  const owner = enclosingClass(syntax, fn)
  const nameAt = nameOffset(syntax, fn)
  const written = nameAt === undefined ? undefined : originalOf(nameAt)?.name
  const given = givenName(frame, nameAt === undefined ? undefined : syntax.text.slice(nameAt))
  return {
    function: written ?? given ?? nameless(reader.library, key, at, originalOf(fn.start)),
    class: owner === undefined ? null : (originalOf(owner.at)?.name ?? owner.name),
    given: owner?.name ?? null,
  }
}

/**
 * V8's name, but for those that it makes up: only a trace has `eval` and `anonymous`, so that one frame would look like
 * two in two looks.
 */
function givenName({ functionName }: StackFrame, spelled = ''): string | undefined {
  const madeUp =
    functionName === '' ||
    functionName === 'anonymous' ||
    (functionName === 'eval' && !spelled.startsWith('eval'))
  return madeUp ? undefined : functionName
}

/** What is known about a function without a name: what the text says from which it was made. */
function nameless(
  library: ScriptLibrary,
  key: string,
  at: Position,
  start: OriginalPosition | undefined,
): string {
  // Mapped code in a function that is not: a bundler put it around a module.
  if (start === undefined) return library.mapped(key, at) === undefined ? '(anonymous)' : '(module)'
  const text = library.originalText(key, start.file)
  return (text === undefined ? undefined : declaredName(text, start.line, start.column)) ?? '(anonymous)'
}

function functionAround(
  reader: FrameReader,
  key: string,
  frame: StackFrame,
  at: Position,
): { syntax: Syntax; fn: Node } | undefined {
  const functionStart = frame.functionStart && inText(reader.library.origin(key), frame.functionStart)
  const syntax = reader.syntax.around(key, functionStart)
  if ('unknown' in syntax) return undefined
  const offset = syntax.lines.offsetAt(at.line, at.column)
  if (offset === undefined) return undefined
  const start = functionStart && syntax.lines.offsetAt(functionStart.line, functionStart.column)
  return {
    syntax,
    fn: start === undefined ? syntax.functionAt(offset) : syntax.functionStartingAt(start, offset),
  }
}

function ownerOf(url: string, file: string): Frame['owner'] {
  if (isInternal(url)) return 'node'
  return [url, file].some(name => /(?:^|[/\\])node_modules[/\\]/.test(name)) ? 'dependency' : 'program'
}
