/** V8's frames turned into the reader's: classes, original positions, source lines, whose code it is. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { StackFrame } from '../inspector/stack-frame.ts'
import type { Frame } from '../snapshot/model.ts'
import type { Activation } from '../snapshot/question.ts'
import { enclosingClass, isTopLevel, nameOffset } from '../sources/function-names.ts'
import { pathOf } from '../sources/source-map.ts'
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
  const original = wasm
    ? { file: frame.url, line: frame.line, column: frame.column }
    : library.original(key, frame.line, frame.column)
  const owner = ownerOf(frame.url, original.file)
  const found = owner === 'node' || wasm ? undefined : functionAround(reader, key, frame)
  const names =
    found === undefined ? { function: frame.functionName, class: null } : namesOf(reader, key, frame, found)
  const generatedFile = pathOf(frame.url) ?? frame.url
  const moved =
    original.file !== generatedFile || original.line !== frame.line || original.column !== frame.column
  const line = owner === 'node' || wasm ? undefined : library.sourceLine(key, original)
  return {
    ...names,
    ...(frame.thisClass === undefined || frame.thisClass === names.class
      ? {}
      : { thisClass: frame.thisClass }),
    file: original.file === '' ? { unknown: 'code without a file (eval or new Function)' } : original.file,
    line: original.line,
    column: original.column,
    ...(moved ? { generated: { file: generatedFile, line: frame.line, column: frame.column } } : {}),
    kind: wasm ? 'wasm' : 'js',
    owner,
    seenBy: 'inspector',
    confidence: 1,
    ...(line === undefined ? {} : { sourceLine: line }),
    ...(reader.changedSinceStart(original.file) ? { sourceChanged: true } : {}),
  }
}

/** The frames of a paused thread as the rules of `locks/` take them: all of them, innermost first. */
export function readActivations(
  reader: FrameReader,
  thread: InspectedThread,
  party: string,
  frames: readonly (readonly [StackFrame, Frame])[],
): readonly Activation[] {
  return frames.map(([frame, seen], index) => ({
    party,
    index,
    script: reader.library.keyOf(thread, frame),
    line: frame.line,
    column: frame.column,
    functionStart: frame.functionStart ?? { unknown: 'only a paused frame tells it' },
    functionName: frame.functionName,
    frame: seen,
    ...(seen.kind === 'wasm' ? { wasmOffset: frame.column - 1 } : {}),
  }))
}

function functionAround(
  reader: FrameReader,
  key: string,
  frame: StackFrame,
): { syntax: Syntax; fn: Node } | undefined {
  const syntax = reader.syntax.around(key, frame.functionStart)
  if ('unknown' in syntax) return undefined
  const offset = syntax.lines.offsetAt(frame.line, frame.column)
  if (offset === undefined) return undefined
  const start =
    frame.functionStart && syntax.lines.offsetAt(frame.functionStart.line, frame.functionStart.column)
  return {
    syntax,
    fn: start === undefined ? syntax.functionAt(offset) : syntax.functionStartingAt(start, offset),
  }
}

/** The names that people gave: the source map's where the text was minified. */
function namesOf(
  reader: FrameReader,
  key: string,
  frame: StackFrame,
  { syntax, fn }: { syntax: Syntax; fn: Node },
) {
  if (isTopLevel(fn)) return { function: frame.functionName || '(module)', class: null }
  const originalName = (offset: number | undefined) => {
    if (offset === undefined) return undefined
    const { line, column } = syntax.lines.positionAt(offset)
    return reader.library.original(key, line, column).name
  }
  const owner = enclosingClass(syntax, fn)
  const mapped = originalName(nameOffset(syntax, fn))
  return {
    function: mapped ?? (frame.functionName || '(anonymous)'),
    class: owner === undefined ? null : (originalName(owner.at) ?? owner.name),
  }
}

function ownerOf(url: string, file: string): Frame['owner'] {
  if (isInternal(url)) return 'node'
  return /[/\\]node_modules[/\\]/.test(file) || /[/\\]node_modules[/\\]/.test(url) ? 'dependency' : 'program'
}
