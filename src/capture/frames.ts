/** V8's frames turned into the reader's: classes, original positions, source lines, whose code it is. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { StackFrame } from '../inspector/stack-frame.ts'
import type { Frame } from '../snapshot/model.ts'
import type { Activation } from '../snapshot/question.ts'
import { inText } from '../sources/script-origin.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'
import { wasmFunctionAt } from '../sources/wasm/function-at.ts'
import { frameNames } from './frame-names.ts'
import { isInternal, type ScriptLibrary } from './script-library.ts'

export interface FrameReader {
  readonly library: ScriptLibrary
  readonly syntax: SyntaxStore
  /** Whether a file is newer than the process; false where that cannot be told. */
  readonly changedSinceStart: (path: string) => boolean
  /** Each frame is read once. */
  readonly seen: WeakMap<StackFrame, Frame>
}

/** One frame as the reader sees it; its script must have been fetched. */
export function readFrame(reader: FrameReader, thread: InspectedThread, frame: StackFrame): Frame {
  const known = reader.seen.get(frame)
  if (known !== undefined) return known
  const read = readAnew(reader, thread, frame)
  reader.seen.set(frame, read)
  return read
}

function readAnew(reader: FrameReader, thread: InspectedThread, frame: StackFrame): Frame {
  const { library, syntax, changedSinceStart } = reader
  const source = library.sourceOf(thread, frame)
  const wasm =
    frame.url.startsWith('wasm://') || thread.scripts.get(frame.scriptId)?.language === 'WebAssembly'
  const at = inText(source.origin, frame)
  const generated = { file: source.file, line: frame.line, column: frame.column }
  const { file, line, column } = (wasm ? undefined : source.mapped(at)) ?? generated
  const owner = ownerOf(frame.url, file)
  const written = owner !== 'node' && !wasm
  const names = written
    ? frameNames(source, syntax, library.keyOf(thread, frame), frame, at)
    : {
        function: wasm ? wasmName(frame, source.bytecode) : frame.functionName,
        class: null,
        generatedClass: null,
        titles: [],
      }
  const moved = file !== generated.file || line !== generated.line || column !== generated.column
  const sourceLine = written ? source.line(at) : undefined
  return {
    function: names.function,
    class: names.class,
    ...(frame.thisClass === undefined || frame.thisClass === names.generatedClass
      ? {}
      : { thisClass: frame.thisClass }),
    file: file === '' ? { unknown: 'code without a file (eval or new Function)' } : file,
    line,
    column,
    ...(moved ? { generated } : {}),
    kind: wasm ? 'wasm' : 'js',
    owner,
    seenBy: 'inspector',
    confidence: 1,
    ...(sourceLine === undefined ? {} : { sourceLine }),
    ...(names.titles.length === 0 ? {} : { titles: [...names.titles] }),
    // A new build lies as a new source does: its map is not that of the code that runs.
    ...([file, generated.file].some(changedSinceStart) ? { sourceChanged: true } : {}),
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
    const { origin } = reader.library.sourceOf(thread, frame)
    return {
      party,
      index,
      script: reader.library.keyOf(thread, frame),
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

/** Whose code it is. */
export function ownerOf(url: string, file: string): Frame['owner'] {
  if (isInternal(url)) return 'node'
  return [url, file].some(name => /(?:^|[/\\])node_modules[/\\]/.test(name)) ? 'dependency' : 'program'
}

/** The name section's name, which V8 puts a `$` before; without one, the name that wasm stack traces use. */
function wasmName({ functionName, column }: StackFrame, module: Uint8Array | undefined): string {
  const own = module && wasmFunctionAt(module, column - 1)
  if (own !== undefined) return own
  const number = /^\$func(\d+)$/.exec(functionName)?.[1]
  return number === undefined ? functionName.replace(/^\$/, '') : `wasm-function[${number}]`
}
