/**
 * What of the heap is not allocated at present: behind the point at which the next object will be made, and chunks of the young generation that are still
 * to be filled or were left. Old objects lie there that are none any more.
 */
import type { Memory } from '../../memory/memory.ts'
import type { Chunk } from './chunks.ts'

export interface Allocated {
  readonly chunks: readonly Chunk[]
  /** Unallocated parts of chunks, by address. */
  readonly holes: readonly (readonly [from: number, to: number])[]
}

/** An isolate keeps where it allocates (LinearAllocationArea) among its first fields, or close to its Heap. */
const NEAR = 1024
/** The links of a chunk stand in its header or description. */
const HEADER = 768

/** `isolates`: with their Heaps. Where nothing of the kind is found, all counts as allocated. */
export function allocated(
  memory: Memory,
  chunks: readonly Chunk[],
  isolates: readonly { readonly isolate: number; readonly heap: number }[],
): Allocated {
  const holes: (readonly [number, number])[] = []
  const unused = new Set<Chunk>()
  for (const { isolate, heap } of isolates) {
    const own = chunks.filter(chunk => chunk.heap === heap && !chunk.abandoned)
    const young = own.filter(chunk => chunk.young)
    for (const { chunk, top, limit } of allocationAreas(memory, own, isolate, heap)) {
      holes.push([top, chunk.young ? chunk.areaEnd : limit])
      if (chunk.young) for (const later of following(memory, young, chunk)) unused.add(later)
    }
  }
  return {
    chunks: chunks.filter(chunk => !chunk.abandoned && !unused.has(chunk)),
    holes: holes.filter(([from, to]) => from < to),
  }
}

interface AllocationArea {
  readonly chunk: Chunk
  readonly top: number
  readonly limit: number
}

/** Three words in a row that lie in one chunk, in ascending order: start, top, limit. */
function allocationAreas(
  memory: Memory,
  chunks: readonly Chunk[],
  isolate: number,
  heap: number,
): readonly AllocationArea[] {
  const found: AllocationArea[] = []
  for (const place of [isolate, heap - NEAR / 2]) {
    for (let at = place; at < place + NEAR; at += 8) {
      const [start, top, limit] = [0, 8, 16].map(offset => memory.word(at + offset) ?? 0) as [
        number,
        number,
        number,
      ]
      if (start % 8 !== 0 || top % 8 !== 0 || limit % 8 !== 0 || start > top || top > limit) continue
      const chunk = chunks.find(
        ({ areaStart, areaEnd }) => start >= areaStart && limit <= areaEnd && start < areaEnd,
      )
      if (chunk !== undefined) found.push({ chunk, top, limit })
    }
  }
  return found
}

/** The chunks behind one in the list of its space; empty unless it is certain where the links are. */
function following(memory: Memory, young: readonly Chunk[], chunk: Chunk): readonly Chunk[] {
  const byIdentity = new Map(young.map(each => [each.identity, each]))
  const next = nextField(memory, young, byIdentity)
  const found: Chunk[] = []
  let at = chunk
  while (next !== undefined && found.length < young.length) {
    const later = byIdentity.get(memory.word(at.identity + next) ?? 0)
    if (later === undefined) break
    found.push(later)
    at = later
  }
  return found
}

/** The offset of the link to the next chunk, behind which the one to the previous chunk stands: each is the other's opposite for all chunks. */
function nextField(
  memory: Memory,
  young: readonly Chunk[],
  byIdentity: ReadonlyMap<number, Chunk>,
): number | undefined {
  if (young.length < 2) return undefined
  for (let offset = 0; offset < HEADER; offset += 8) {
    let links = 0
    const fits = young.every(chunk => {
      const target = memory.word(chunk.identity + offset)
      if (target === 0) return true
      const next = target === undefined ? undefined : byIdentity.get(target)
      if (next === undefined || next === chunk) return false
      links += 1
      return memory.word(next.identity + offset + 8) === chunk.identity
    })
    if (fits && links > 0) return offset
  }
  return undefined
}
