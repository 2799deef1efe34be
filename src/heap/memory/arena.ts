/**
 * A copy of V8's heap: all chunks one behind the other in one buffer, read-only chunks first. An object is the index of its first
 * word; a tagged pointer is translated once into such an index, and everything after that works on arrays of integers.
 */
import { CHUNK, type Chunk } from './chunks.ts'
import { IntegerList } from './integer-list.ts'

export interface ArenaChunk extends Chunk {
  /** Index of the word at `start`, of the first one of the area, and of the one behind the last. */
  readonly base: number
  readonly first: number
  readonly end: number
}

/** Fills a buffer from an address of the process; false where not all of it could be read. */
export type Copy = (address: number, into: Buffer) => boolean

const PAGE = 4096

export class Arena {
  readonly chunks: readonly ArenaChunk[]
  readonly bytes: Buffer
  /** Its words as pairs of halves, low first. */
  readonly halves: Uint32Array
  readonly words: number
  /** For each word the object that it points to, 0 where it is no strong pointer into the heap. Empty until translated. */
  pointers: Int32Array
  /** The first word that is not read-only. */
  readonly writable: number
  readonly #index: ChunkIndex
  readonly #bases: Int32Array

  constructor(chunks: readonly Chunk[], copy: Copy) {
    const ordered = [...chunks].sort(
      (a, b) => Number(a.heap !== 0) - Number(b.heap !== 0) || a.start - b.start,
    )
    let base = 0
    this.chunks = ordered.map(chunk => {
      const words = (chunk.areaEnd - chunk.start) / 8
      const first = base + (chunk.areaStart - chunk.start) / 8
      const placed = { ...chunk, base, first, end: base + words }
      base += words
      return placed
    })
    this.#bases = Int32Array.from(this.chunks, chunk => chunk.base)
    this.words = base
    this.writable = this.chunks.find(({ heap }) => heap !== 0)?.base ?? base
    this.bytes = Buffer.from(new ArrayBuffer(base * 8))
    this.halves = new Uint32Array(this.bytes.buffer)
    this.pointers = new Int32Array(0)
    for (const chunk of this.chunks) {
      const into = this.bytes.subarray(chunk.base * 8, chunk.end * 8)
      if (!copy(chunk.start, into)) copyPages(copy, chunk.start, into)
    }
    this.#index = new ChunkIndex(this.chunks)
  }

  /** The word at an address of the process; 0 when it is in no chunk. */
  wordOf(address: number): number {
    return this.#index.word((address % 2 ** 32) >>> 0, Math.floor(address / 2 ** 32))
  }

  /** The same for a tagged pointer in two halves; 0 also when it is none, or a weak one. */
  target(low: number, high: number): number {
    return (low & 3) === 1 && (low & 4) === 0 && high < 0x8000 ? this.#index.word(low, high) : 0
  }

  /** Takes what lies between two addresses of one chunk for empty. */
  blank(from: number, to: number): void {
    const word = this.wordOf(from)
    if (word === 0) return
    const end = Math.min(word + (to - from) / 8, this.chunkOf(word).end)
    this.bytes.fill(0, word * 8, end * 8)
  }

  addressOf(word: number): number {
    const chunk = this.chunkOf(word)
    return chunk.start + (word - chunk.base) * 8
  }

  chunkOf(word: number): ArenaChunk {
    const bases = this.#bases
    let low = 0
    let high = bases.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (bases[middle]! <= word) low = middle
      else high = middle - 1
    }
    return this.chunks[low]!
  }

  /** Fills `pointers`; returns the words that point to themselves, the maps of maps among them. */
  translate(): Int32Array {
    this.pointers = new Int32Array(this.words)
    const halves = new Int32Array(this.bytes.buffer)
    const selves = new IntegerList()
    for (const { first, end } of this.chunks) this.#index.translate(halves, this.pointers, first, end, selves)
    return selves.values()
  }

  /** The small integer in a word; undefined when it holds something else. */
  smi(word: number): number | undefined {
    return this.halves[2 * word] === 0 ? this.halves[2 * word + 1]! | 0 : undefined
  }
}

/** Some pages of a chunk may not be readable (guard pages, holes in read-only chunks): they stay 0. */
function copyPages(copy: Copy, start: number, into: Buffer): void {
  for (let at = 0; at < into.length; at += PAGE) {
    const page = into.subarray(at, Math.min(at + PAGE, into.length))
    if (!copy(start + at, page)) page.fill(0)
  }
}

/** A slot of the table: the number of the piece, its first word, how many of its bytes belong to the area; one unused. */
const SLOT = 4

/** Finds the chunk of an address: an open hash table of all pieces of 256 KiB. */
class ChunkIndex {
  readonly #table: Int32Array
  readonly #shift: number

  constructor(chunks: readonly ArenaChunk[]) {
    const pieces = chunks.reduce((sum, { start, areaEnd }) => sum + Math.ceil((areaEnd - start) / CHUNK), 0)
    const bits = Math.max(8, Math.ceil(Math.log2(pieces * 4 + 1)))
    this.#shift = 32 - bits
    this.#table = new Int32Array(SLOT * 2 ** bits)
    for (let slot = 0; slot < this.#table.length; slot += SLOT) this.#table[slot] = -1
    for (const { start, areaEnd, base } of chunks) {
      for (let at = start; at < areaEnd; at += CHUNK) {
        const key = Math.floor(at / CHUNK)
        this.#table.set([key, base + (at - start) / 8, Math.min(CHUNK, areaEnd - at)], this.#slot(key))
      }
    }
  }

  /** Where a key stands, or the free slot in which it would; nothing belongs to a free one. */
  #slot(key: number): number {
    let slot = (Math.imul(key, 0x9e3779b1) >>> this.#shift) * SLOT
    while (this.#table[slot] !== key && this.#table[slot] !== -1) slot = (slot + SLOT) % this.#table.length
    return slot
  }

  word(low: number, high: number): number {
    const slot = this.#slot((high << 14) | (low >>> 18))
    const offset = low & (CHUNK - 1)
    return offset < this.#table[slot + 2]! ? this.#table[slot + 1]! + (offset >>> 3) : 0
  }

  /** The same for all pointers of a chunk: the loop that runs once for each word of the heap. */
  translate(halves: Int32Array, pointers: Int32Array, first: number, end: number, selves: IntegerList): void {
    const table = this.#table
    const shift = this.#shift
    const mask = table.length - 1
    for (let word = first, half = 2 * first; word < end; word++, half += 2) {
      const low = halves[half]!
      if ((low & 7) !== 1) continue
      const high = halves[half + 1]!
      if (high >>> 0 >= 0x8000) continue
      const key = (high << 14) | (low >>> 18)
      let slot = (Math.imul(key, 0x9e3779b1) >>> shift) << 2
      while (table[slot] !== key && table[slot] !== -1) slot = (slot + SLOT) & mask
      const offset = low & 0x3ffff
      if (offset >= table[slot + 2]!) continue
      const target = table[slot + 1]! + (offset >>> 3)
      pointers[word] = target
      if (target === word) selves.push(word)
    }
  }
}
