/** Frames in the reader's terms: `BoundedQueue.put (queue.mjs:29:15)`. */
import { type Frame, isUnknown, type Place, type Process, type Unknown } from '../snapshot/model.ts'

/** `BoundedQueue.put`, `new Mutex`, `(anonymous)`. */
export function functionName(frame: Frame): string {
  const name = frame.function === '' ? '(anonymous)' : frame.function
  if (typeof frame.class !== 'string' || frame.class === '') return name
  if (name === 'constructor' || name === frame.class) return `new ${frame.class}`
  return name.startsWith(`${frame.class}.`) || name.includes('.') ? name : `${frame.class}.${name}`
}

/** `src/queue.mjs:29:15`, relative to the process's working directory when below it. */
export function placeText(
  place: Pick<Frame, 'file' | 'line' | 'column'> & { readonly kind?: Frame['kind'] },
  process: Process | undefined,
): string {
  // Of native code the image is known; where its file lies tells a reader nothing.
  if (place.kind === 'native') return isUnknown(place.file) ? 'native code' : place.file.replace(/^.*\//, '')
  if (isUnknown(place.file) && isUnknown(place.line)) return 'place unknown'
  const file = isUnknown(place.file) ? 'evaluated code' : shortPath(place.file, process)
  if (isUnknown(place.line)) return file
  if (isWasm(place.file)) return `${file}:${offsetText(place.column)}`
  return isUnknown(place.column) ? `${file}:${place.line}` : `${file}:${place.line}:${place.column}`
}

export function frameText(frame: Frame, process: Process | undefined): string {
  return `${functionName(frame)} (${placeText(frame, process)})`
}

/** The place of an acquisition: the function that made it, at the line of the call. */
export function acquiredText(
  frame: Frame | Unknown,
  place: Place | Unknown,
  process: Process | undefined,
): string | undefined {
  const at = isUnknown(place) ? undefined : placeText(place, process)
  if (isUnknown(frame)) return at
  return at === undefined ? frameText(frame, process) : `${functionName(frame)} (${at})`
}

export function shortPath(file: string, process: Process | undefined): string {
  const path = file.startsWith('file://') ? decode(file.slice('file://'.length)) : file
  const cwd = process && typeof process.cwd === 'string' ? process.cwd.replace(/\/*$/, '/') : undefined
  return cwd && cwd !== '/' && path.startsWith(cwd) ? path.slice(cwd.length) : path
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A WebAssembly module, in which a place is a byte's offset. */
function isWasm(file: Frame['file']): boolean {
  return typeof file === 'string' && /^wasm:|\.wasm$/.test(file)
}

function offsetText(column: Frame['column']): string {
  return isUnknown(column) ? '?' : `0x${(column - 1).toString(16)}`
}

/** `line 24`, or `offset 0x7f` in a WebAssembly module; undefined where it is not known. */
export function lineText({
  file,
  line,
  column,
}: Pick<Frame, 'file' | 'line' | 'column'>): string | undefined {
  if (isWasm(file)) return `offset ${offsetText(column)}`
  return isUnknown(line) ? undefined : `line ${line}`
}
