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
  /** What chunks are linked by: its start, or since 13.x the address of its description. */
  readonly identity: number
  /** Of the young generation: where objects are copied from one chunk to another. */
  readonly young: boolean
  /** What is left in it was copied to elsewhere. */
  readonly abandoned: boolean
  /** V8's Heap that it belongs to, one for each isolate; 0 for read-only objects, which isolates share. */
  readonly heap: number
}

export const CHUNK = 2 ** 18
/** A header with everything in it that is looked at, bytes. */
const HEADER = 128
/** Nothing in a chunk's header is longer; the first object is behind it. */
const LONGEST_HEADER = 65536
const LARGEST = 2 ** 40

/** Bits of a chunk's flags: the young generation's two halves, from which and to which objects are copied. */
const FROM = 8
const TO = 16

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
      end = chunk.areaEnd
      const { flags } = chunk
      found.push({ ...chunk, young: (flags & (FROM | TO)) !== 0, abandoned: (flags & FROM) !== 0 })
    }
  }
  return found
}

function isPlausible({ start, areaStart, areaEnd }: Found): boolean {
  return (
    areaStart > start &&
    areaStart <= start + LONGEST_HEADER &&
    areaStart % 8 === 0 &&
    areaEnd > areaStart &&
    areaEnd % 8 === 0 &&
    areaEnd - start < LARGEST
  )
}

type Found = Omit<Chunk, 'young' | 'abandoned'> & { readonly flags: number }
type Header = (memory: Memory, at: number) => Found | undefined

/** Until 11.x: size, flags, heap, start and end of the area. */
const direct: Header = (memory, at) => {
  const bytes = memory.bytes(at, HEADER)
  if (bytes === undefined || word(bytes, 0) === 0 || bytes.readUInt32LE(0) % 4096 !== 0) return undefined
  const [size, flags, heap, from, to] = [0, 1, 2, 3, 4].map(index => word(bytes, index)) as Five
  return checked(memory, { start: at, identity: at, flags, size, heap, from, to })
}

/** 12.x: flags, the chunk's own address, size, heap, start and end of the area. */
const withSelf: Header = (memory, at) => {
  const bytes = memory.bytes(at, HEADER)
  if (bytes === undefined || word(bytes, 1) !== at) return undefined
  const [flags, size, heap, from, to] = [0, 2, 3, 4, 5].map(index => word(bytes, index)) as Five
  return checked(memory, { start: at, identity: at, flags, size, heap, from, to })
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
  const common = { start: at, identity: description, flags: word(head!, 0) }
  if (self === at) return checked(memory, { ...common, size, heap, from, to: word(bytes, 7) })
  const allocated = word(bytes, 3)
  const isReadOnly = self === 0 && heap === 0 && from - at === 16 && word(bytes, 7) <= at + CHUNK
  return isReadOnly && allocated > 0 && allocated <= CHUNK && allocated % 8 === 0
    ? { ...common, areaStart: from, areaEnd: Math.min(from + allocated, word(bytes, 7)), heap: 0 }
    : undefined
}

type Five = [number, number, number, number, number]

interface Fields extends Pick<Found, 'start' | 'identity' | 'flags' | 'heap'> {
  readonly size: number
  readonly from: number
  readonly to: number
}

/** A heap is a plain object of C++, and the area ends with the chunk. */
function checked(memory: Memory, fields: Fields): Found | undefined {
  const { start, identity, flags, heap, size, from, to } = fields
  if (!(size >= 4096) || to > start + size || to < start + size - 4096 || from <= start) return undefined
  if (heap !== 0 && (heap % 8 !== 0 || memory.word(heap) === undefined)) return undefined
  return { start, identity, flags: (flags % 2 ** 32) >>> 0, areaStart: from, areaEnd: to, heap }
}

function word(bytes: Buffer, index: number): number {
  return bytes.readUInt32LE(8 * index + 4) * 2 ** 32 + bytes.readUInt32LE(8 * index)
}
