/**
 * Who refers to V8's heap from outside: every word of the process's writable memory that could be a pointer to an object counts, as for a conservative
 * collector. Some of it is known for what it is: V8's global handles, and the stacks of threads.
 */
import type { Area } from '../../memory/address-map.ts'
import type { Arena, Copy } from './arena.ts'
import type { Chunk } from './chunks.ts'
import { IntegerList } from './integer-list.ts'
import type { TouchedPages } from './touched-pages.ts'

export interface Roots {
  /** Words of the arena that are pointed to. May name one more than once. */
  readonly hits: Int32Array
  /** Those that something surely holds: a strong global handle, or a stack. */
  readonly held: ReadonlySet<number>
  /** How many global handles were recognised. */
  readonly handles: number
  /** Memory that was too much to be looked through, bytes. */
  readonly skipped: number
}

export interface RootMemory {
  readonly areas: readonly Area[]
  /** What is no outside: all chunks, those without objects too. */
  readonly heap: readonly Chunk[]
  readonly copy: Copy
  readonly touched: TouchedPages
  /** Where the stacks of threads are at present: what lies below is free. */
  readonly stackPointers: readonly number[]
}

const BLOCK = 4 * 2 ** 20
/** More than this is not looked through, bytes. */
const MOST = 1.5 * 2 ** 30

export function scanRoots(arena: Arena, { areas, heap, copy, touched, stackPointers }: RootMemory): Roots {
  const hits = new IntegerList()
  const held = new Set<number>()
  let handles = 0
  let left = MOST
  let skipped = 0
  const buffer = Buffer.from(new ArrayBuffer(BLOCK))
  const scan = (from: number, to: number, isStack: boolean) => {
    for (let at = from; at < to; at += BLOCK) {
      const length = Math.min(BLOCK, to - at)
      if (length > left) {
        skipped += to - at
        return
      }
      left -= length
      const block = buffer.subarray(0, length)
      if (!copy(at, block)) continue
      handles += scanBlock(arena, new Uint32Array(block.buffer, 0, length >>> 2), isStack, hits, held)
    }
  }
  for (const area of areas) {
    if (!area.readable || !area.writable || area.executable || area.shared || area.path.startsWith('/dev/'))
      continue
    const pointer = stackPointers.find(at => at >= area.from && at < area.to)
    const start = pointer === undefined ? area.from : Math.floor(pointer / 8) * 8
    for (const [from, to] of besideChunks(heap, start, area.to))
      for (const [first, end] of touched.within(from, to)) scan(first, end, pointer !== undefined)
  }
  return { hits: hits.values(), held, handles, skipped }
}

/** The parts of a range that are no chunks of the heap. */
function besideChunks(
  chunks: readonly Chunk[],
  from: number,
  to: number,
): readonly (readonly [number, number])[] {
  const parts: (readonly [number, number])[] = []
  let at = from
  const inside = chunks
    .filter(({ start, areaEnd }) => start < to && areaEnd > from)
    .sort((a, b) => a.start - b.start)
  for (const { start, areaEnd } of inside) {
    if (start > at) parts.push([at, start])
    at = Math.max(at, areaEnd)
  }
  if (at < to) parts.push([at, to])
  return parts
}

/** How many global handles are in it. */
function scanBlock(
  arena: Arena,
  halves: Uint32Array,
  isStack: boolean,
  hits: IntegerList,
  held: Set<number>,
): number {
  let handles = 0
  for (let half = 0; half < halves.length; half += 2) {
    const low = halves[half]!
    if ((low & 7) !== 1) continue
    const high = halves[half + 1]!
    if (high === 0 || high >= 0x8000) continue
    const word = arena.target(low, high)
    if (word === 0) continue
    const state = isStack ? undefined : handleState(halves, half)
    if (state !== undefined) handles += 1
    if (state === FREE || state === WEAK) continue
    hits.push(word)
    if (isStack || state !== undefined) held.add(word)
  }
  return handles
}

/** GlobalHandles::NodeState (src/handles/global-handles.cc). */
const FREE = 0
const WEAK = 2
/** A node: object, class id and its index in its block and flags, a parameter, a callback; as many halves. */
const NODE = 8
const NODES = 256

/** The state of the global handle that the word at `half` is; undefined when it is none, since its neighbours are not numbered. */
function handleState(halves: Uint32Array, half: number): number | undefined {
  const index = (halves[half + 2]! >>> 16) & 255
  let seen = 0
  for (let step = 1; step <= 4; step++) {
    for (const other of [index - step, index + step]) {
      if (other < 0 || other >= NODES) continue
      const at = half + 2 + (other - index) * NODE
      if (at < 0 || at >= halves.length) continue
      if (((halves[at]! >>> 16) & 255) !== other) return undefined
      seen += 1
    }
  }
  return seen >= 4 ? (halves[half + 2]! >>> 24) & 3 : undefined
}
