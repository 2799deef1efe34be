/** The process's memory as it was when the arena was read; what is outside of V8's heap comes from the process itself. */
import type { Memory } from '../../memory/memory.ts'
import type { Arena } from './arena.ts'

export class ArenaMemory implements Memory {
  readonly #arena: Arena
  readonly #outside: Memory

  constructor(arena: Arena, outside: Memory) {
    this.#arena = arena
    this.#outside = outside
  }

  bytes(address: number, length: number): Buffer | undefined {
    const word = this.#arena.wordOf(address)
    if (word === 0) return this.#outside.bytes(address, length)
    const at = word * 8 + (address % 8)
    return length >= 0 && at + length <= this.#arena.chunkOf(word).end * 8
      ? this.#arena.bytes.subarray(at, at + length)
      : undefined
  }

  word(address: number): number | undefined {
    const at = this.#at(address, 8)
    if (at === undefined) return this.#outside.word(address)
    const { bytes } = this.#arena
    return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at)
  }

  uint32(address: number): number | undefined {
    const at = this.#at(address, 4)
    return at === undefined ? this.#outside.uint32(address) : this.#arena.bytes.readUInt32LE(at)
  }

  int32(address: number): number | undefined {
    const at = this.#at(address, 4)
    return at === undefined ? this.#outside.int32(address) : this.#arena.bytes.readInt32LE(at)
  }

  uint16(address: number): number | undefined {
    const at = this.#at(address, 2)
    return at === undefined ? this.#outside.uint16(address) : this.#arena.bytes.readUInt16LE(at)
  }

  #at(address: number, length: number): number | undefined {
    if (!(address >= 0)) return undefined
    const word = this.#arena.wordOf(address)
    const at = word * 8 + (address % 8)
    return word === 0 || at + length > this.#arena.bytes.length ? undefined : at
  }
}
