/** Follows strong pointers from roots through the heap. */
import type { Arena } from './arena.ts'
import { IntegerList } from './integer-list.ts'
import { shape } from './shapes.ts'
import { flag, type Sizes } from './walk.ts'

export class Marker {
  readonly #arena: Arena
  readonly #flags: Uint8Array
  readonly #sizes: Sizes
  readonly #stack = new IntegerList()

  constructor(arena: Arena, flags: Uint8Array, sizes: Sizes) {
    this.#arena = arena
    this.#flags = flags
    this.#sizes = sizes
  }

  /** Sets `bit` (`live` or `pending`) on an object and on all that it reaches and that has neither bit. */
  mark(root: number, bit: number): void {
    const { pointers, chunks } = this.#arena
    const flags = this.#flags
    const marked = flag.live | flag.pending
    this.#push(root, bit)
    let chunk = chunks[0]!
    while (this.#stack.length > 0) {
      const word = this.#stack.pop()
      const map = pointers[word]!
      const code = flags[map]! & flag.shape
      if (isRaw(code)) continue
      if (word < chunk.base || word >= chunk.end) chunk = this.#arena.chunkOf(word)
      const end = this.#endOf(word, map, code, chunk.end)
      for (let at = word + 1; at < end; at++) {
        const target = pointers[at]!
        if (target !== 0 && (flags[target]! & marked) === 0) this.#push(target, bit)
      }
    }
  }

  #push(word: number, bit: number): void {
    const map = this.#arena.pointers[word]!
    if (map === 0 || (this.#flags[map]! & flag.shape) === 0) return
    this.#flags[word]! |= bit | flag.start
    // What is read-only refers to nothing else.
    if (word >= this.#arena.writable) this.#stack.push(word)
  }

  /** What is of unknown length ends where the next object begins. */
  #endOf(word: number, map: number, code: number, limit: number): number {
    const size = this.#sizes.of(word, map, code, limit)
    if (size > 0) return word + size
    let at = word + 1
    while (at < limit && (this.#flags[at]! & flag.start) === 0) at++
    return at
  }
}

function isRaw(code: number): boolean {
  return code === shape.raw || code === shape.free || (code >= shape.byteArray && code <= shape.twoByteString)
}
