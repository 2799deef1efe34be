/**
 * The chunks that V8's heap consists of (src/heap/memory-chunk-layout.h, mutable-page-metadata.h): found by their headers, which stand at
 * every multiple of 256 KiB that begins one. A large object has a chunk of its own, longer than that.
 */
import type { Area } from '../../memory/address-map.ts'
import type { Memory } from '../../memory/memory.ts'

export interface Chunk {
  /** Where its header is. */
  readonly start: number
  /** Where its objects are. */
  readonly areaStart: number
  readonly areaEnd: number
  /** V8's Heap that it belongs to, one for each isolate; 0 for read-only objects, which isolates share. */
  readonly heap: number
}

export const CHUNK = 2 ** 18
/** A header with everything in it that is looked at, bytes. */
const HEADER = 128
/** Nothing in a chunk's header is longer; the first object is behind it. */
const LONGEST_HEADER = 65536
const LARGEST = 2 ** 40

/** All chunks in these areas, in ascending order. `version`: the V8's, as in its layout. */
export function findChunks(memory: Memory, areas: readonly Area[], version: number): readonly Chunk[] {
  const header = version < 1204 ? direct : version < 1300 ? withSelf : outside
  const found: Chunk[] = []
  let end = 0
  for (const area of areas) {
    if (
      !area.readable ||
      area.executable ||
      area.shared ||
      (area.path !== '' && !area.path.startsWith('[anon'))
    )
      continue
    for (let at = Math.ceil(area.from / CHUNK) * CHUNK; at + HEADER <= area.to; at += CHUNK) {
      if (at < end) continue
      const chunk = header(memory, at)
      if (chunk === undefined || !isPlausible(chunk)) continue
      found.push(chunk)
      end = chunk.areaEnd
    }
  }
  return found
}

function isPlausible({ start, areaStart, areaEnd }: Chunk): boolean {
  return (
    areaStart > start &&
    areaStart <= start + LONGEST_HEADER &&
    areaStart % 8 === 0 &&
    areaEnd > areaStart &&
    areaEnd % 8 === 0 &&
    areaEnd - start < LARGEST
  )
}

type Header = (memory: Memory, at: number) => Chunk | undefined

/** Until 11.x: size, flags, heap, start and end of the area. */
const direct: Header = (memory, at) => {
  const bytes = memory.bytes(at, HEADER)
  if (bytes === undefined || word(bytes, 0) === 0 || bytes.readUInt32LE(0) % 4096 !== 0) return undefined
  return checked(
    memory,
    { size: word(bytes, 0), heap: word(bytes, 2), from: word(bytes, 3), to: word(bytes, 4) },
    at,
  )
}

/** 12.x: flags, the chunk's own address, size, heap, start and end of the area. */
const withSelf: Header = (memory, at) => {
  const bytes = memory.bytes(at, HEADER)
  if (bytes === undefined || word(bytes, 1) !== at) return undefined
  return checked(
    memory,
    { size: word(bytes, 2), heap: word(bytes, 3), from: word(bytes, 4), to: word(bytes, 5) },
    at,
  )
}

/**
 * Since 13.x the chunk has its flags and the address of its description: the chunk's address and size, marks of how far it was allocated, the ends of
 * its area, heap, start of the area. Read-only chunks have the area only.
 */
const outside: Header = (memory, at) => {
  const head = memory.bytes(at, 16)
  const description = head && word(head, 1)
  if (description === undefined || description % 8 !== 0 || description < 65536) return undefined
  const bytes = memory.bytes(description, HEADER)
  if (bytes === undefined) return undefined
  const [self, size, heap, from] = [word(bytes, 1), word(bytes, 2), word(bytes, 8), word(bytes, 9)]
  if (self === at) return checked(memory, { size, heap, from, to: word(bytes, 7) }, at)
  const allocated = word(bytes, 3)
  const isReadOnly = self === 0 && heap === 0 && from - at === 16 && word(bytes, 7) <= at + CHUNK
  return isReadOnly && allocated > 0 && allocated <= CHUNK && allocated % 8 === 0
    ? { start: at, areaStart: from, areaEnd: Math.min(from + allocated, word(bytes, 7)), heap: 0 }
    : undefined
}

interface Fields {
  readonly size: number
  readonly heap: number
  readonly from: number
  readonly to: number
}

/** A heap is a plain object of C++, and the area ends with the chunk. */
function checked(memory: Memory, { size, heap, from, to }: Fields, at: number): Chunk | undefined {
  if (!(size >= 4096) || to > at + size || to < at + size - 4096 || from <= at) return undefined
  if (heap !== 0 && (heap % 8 !== 0 || memory.word(heap) === undefined)) return undefined
  return { start: at, areaStart: from, areaEnd: to, heap }
}

function word(bytes: Buffer, index: number): number {
  return bytes.readUInt32LE(8 * index + 4) * 2 ** 32 + bytes.readUInt32LE(8 * index)
}
