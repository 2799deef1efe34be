/** Typed arrays that a question makes, over memory that is there. */
import type { Objects } from '../v8/objects.ts'
import { nothing, primitive, type Runtime, Unreadable } from './runtime.ts'

/** `new Int32Array(buffer, 8, 1)`. */
export function newView(objects: Objects, type: string, given: readonly Runtime[]): Runtime {
  const [buffer, offset = nothing, count = nothing] = given
  const bytes = elementBytes(type)
  const over = buffer?.kind === 'object' ? buffer.at : buffer?.kind === 'memory' ? buffer.buffer : undefined
  const memory = over === undefined ? undefined : objects.bufferOf(over)
  if (bytes === 0 || memory === undefined || over === undefined)
    throw new Unreadable('side effect', 'a new object')
  const from = offset.kind === 'undefined' ? 0 : Number(primitive(offset))
  const most = Math.floor((memory.bytes - from) / bytes)
  const length = count.kind === 'undefined' ? most : Number(primitive(count))
  if (!(from >= 0) || from % bytes !== 0 || !(length >= 0) || length > most)
    throw new Unreadable('cannot be read here', 'a view that does not fit')
  return {
    kind: 'view',
    view: { type, elementBytes: bytes, address: memory.address + from, length, buffer: over },
  }
}

function elementBytes(type: string): number {
  return Number(/^(?:Big)?(?:Ui|I)nt(8|16|32|64)Array$/.exec(type)?.[1] ?? 0) / 8
}
