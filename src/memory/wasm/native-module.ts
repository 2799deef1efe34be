/**
 * A compiled module of WebAssembly (src/wasm/wasm-code-manager.h): its bytes, and which function the code at an address belongs to. These are
 * objects of C++ whose layout V8 exports nowhere; they are told by what they refer to, and believed where it fits together.
 */
import type { Heap } from '../v8/heap.ts'
import { decodePosition, positionAt } from '../v8/position-table.ts'

/** The function that an address of compiled code belongs to. */
export interface WasmCode {
  /** In the index space of the module's functions. */
  readonly index: number
  /** Of what is being executed, counted from where the function's body begins; undefined where it is not told. */
  readonly offset: number | undefined
}

/** So much of the object is looked through, words. */
const FIELDS = 160
const LARGEST_MODULE = 8 * 2 ** 20
const LARGEST_CODE = 64 * 2 ** 20
const MOST_CODES = 20_000
const DEEPEST = 64

export class NativeModule {
  readonly #heap: Heap
  readonly #at: number
  /** The module as it was compiled from. */
  readonly bytes: Buffer

  /** The one at an address; undefined where none is there. */
  static at(heap: Heap, address: number): NativeModule | undefined {
    if (address % 8 !== 0) return undefined
    for (let field = 0; field < FIELDS; field++) {
      // A shared pointer to a vector that owns what it points to: its data and its length, behind a function that frees it or not.
      const vector = heap.memory.word(address + 8 * field)
      if (vector === undefined || vector < 4096 || vector % 8 !== 0) continue
      for (const at of [vector, vector + 8]) {
        const [data, length] = [heap.memory.word(at), heap.memory.word(at + 8)]
        if (data === undefined || length === undefined || length < 8 || length > LARGEST_MODULE) continue
        if (heap.memory.bytes(data, 8)?.toString('latin1') !== '\0asm\x01\0\0\0') continue
        const bytes = heap.memory.bytes(data, length)
        if (bytes !== undefined) return new NativeModule(heap, address, bytes)
      }
    }
    return undefined
  }

  private constructor(heap: Heap, address: number, bytes: Buffer) {
    this.#heap = heap
    this.#at = address
    this.bytes = bytes
  }

  /** `address`: in the instruction that is being executed. The innermost first, where functions were inlined; empty where none is there. */
  codeAt(address: number): readonly WasmCode[] {
    for (let field = 0; field < FIELDS; field++) {
      const place = this.#heap.memory.word(this.#at + 8 * field)
      if (place === undefined || place < 4096 || place % 8 !== 0) continue
      const code = this.#inTree(place, address) ?? this.#inList(place, address)
      if (code !== undefined) return this.#described(code, address)
    }
    return []
  }

  /** Of a map from the addresses where code begins: its root has a left and a right neighbour, a key and a value. */
  #inTree(root: number, address: number): number | undefined {
    const { memory } = this.#heap
    const value = memory.word(root + 40)
    if (value === undefined || memory.word(root + 32) !== this.#startOf(value)) return undefined
    let node = root
    for (let depth = 0; depth < DEEPEST && node !== 0; depth++) {
      const [key, code] = [memory.word(node + 32), memory.word(node + 40)]
      if (key === undefined || code === undefined || this.#startOf(code) !== key) return undefined
      if (this.#holds(code, address)) return code
      node = memory.word(node + (address < key ? 16 : 24)) ?? 0
    }
    return undefined
  }

  /** Of a list of code; functions that are not compiled yet have none. */
  #inList(list: number, address: number): number | undefined {
    const { memory } = this.#heap
    let none = 0
    for (let at = 0; at < MOST_CODES && none < 1000; at++) {
      const code = memory.word(list + 8 * at)
      if (code === 0 && at > 0) none++
      else if (code === undefined || this.#startOf(code) === undefined) return undefined
      else if (this.#holds(code, address)) return code
      else none = 0
    }
    return undefined
  }

  /** Code refers to its module first, then to its instructions. */
  #startOf(code: number): number | undefined {
    const { memory } = this.#heap
    if (code < 4096 || code % 8 !== 0 || memory.word(code) !== this.#at) return undefined
    return memory.word(code + 8)
  }

  #holds(code: number, address: number): boolean {
    const start = this.#startOf(code)
    const size = this.#heap.memory.int32(code + this.#fields.size) ?? 0
    return (
      start !== undefined && size > 0 && size < LARGEST_CODE && address >= start && address < start + size
    )
  }

  /** Measured on 10.2, 11.3, 12.4, 13.6 and 14.6; between two of them the later one's is tried. */
  get #fields() {
    const { version } = this.#heap.layout
    if (version < 1100)
      return { meta: 24, size: 32, relocations: 36, positions: 40, inlined: 0, traps: 44, index: 48 }
    if (version < 1300)
      return { meta: 16, size: 24, relocations: 28, positions: 32, inlined: 36, traps: 40, index: 44 }
    return { meta: 24, size: 32, relocations: 36, positions: 40, inlined: 44, traps: 52, index: 56 }
  }

  #described(code: number, address: number): readonly WasmCode[] {
    const { memory, layout } = this.#heap
    const fields = this.#fields
    const index = memory.int32(code + fields.index)
    if (index === undefined || index < 0) return []
    const meta = memory.word(code + fields.meta)
    const sizes = [fields.traps, fields.relocations, fields.positions].map(at => memory.int32(code + at))
    if (meta === undefined || !sizes.every(isSize)) return [{ index, offset: undefined }]
    const [traps, relocations, length] = sizes as [number, number, number]
    const from = meta + traps + relocations
    const table = memory.bytes(from, length)
    let at = table && positionAt(table, address - this.#startOf(code)!, layout.positionTable)
    const count = fields.inlined === 0 ? 0 : (memory.int32(code + fields.inlined) ?? 0) / INLINED
    const found: WasmCode[] = []
    while (at !== undefined && at.inlined > 0) {
      const entry =
        at.inlined <= count ? memory.bytes(from + length + (at.inlined - 1) * INLINED, INLINED) : undefined
      if (entry === undefined || found.length >= DEEPEST) return [{ index, offset: undefined }]
      found.push({ index: entry.readInt32LE(0), offset: at.offset })
      at = decodePosition(entry.readUInt32LE(9) * 2 ** 32 + entry.readUInt32LE(5))
    }
    return [...found, { index, offset: at?.offset }]
  }
}

/** Of a function that was inlined: its index, whether its call was a tail call, the position of the call; without padding. */
const INLINED = 13

function isSize(size: number | undefined): boolean {
  return size !== undefined && size >= 0 && size < LARGEST_CODE
}
