/** The memory that typed arrays and array buffers show, outside of V8's heap. */
import type { SeenValues } from './seen-values.ts'

/** The memory of a typed array. */
export interface View {
  /** Its name: `Int32Array`. */
  readonly type: string
  readonly elementBytes: number
  /** Of its first element, in the address space of the process. */
  readonly address: number
  readonly length: number
  /** The buffer that it is a view of, an object; memory of WebAssembly may have none. */
  readonly buffer: number | Buffer
}

export interface Buffer {
  /** Where its memory begins. */
  readonly address: number
  readonly bytes: number
  readonly shared: boolean
  /** V8's number of the memory, the same in all threads of the process; undefined where it was not found. */
  readonly id: number | undefined
}

const LARGEST_BUFFER = 2 ** 46

/** The elements of typed arrays by the names of their classes, bytes. */
const elementBytes: Readonly<Record<string, number>> = {
  Int8Array: 1,
  Uint8Array: 1,
  Uint8ClampedArray: 1,
  Int16Array: 2,
  Uint16Array: 2,
  Int32Array: 4,
  Uint32Array: 4,
  Float32Array: 4,
  Float64Array: 8,
  BigInt64Array: 8,
  BigUint64Array: 8,
}

export class ArrayMemory {
  readonly #values: SeenValues

  constructor(values: SeenValues) {
    this.#values = values
  }

  /** The memory that a typed array shows, whose class has this name. */
  view(object: number, type: string): View | undefined {
    const { heap } = this.#values
    if (this.#values.sort(object) !== 'typed array') return undefined
    const { constant } = heap.layout
    const offsets = ['external_pointer', 'base_pointer'].map(name =>
      constant(`class_JSTypedArray__${name}__`),
    )
    const lengthAt = constant('class_JSArrayBufferView__byte_length__')
    const [external, base] = offsets
    const bytes = elementBytes[type]
    if (external === undefined || base === undefined || lengthAt === undefined || bytes === undefined)
      return undefined
    // Memory that threads share lies outside of V8's heap.
    const address = heap.memory.word(object - 1 + external)
    const length = heap.memory.word(object - 1 + lengthAt)
    const buffer = [24, 32]
      .map(at => heap.pointer(object, at))
      .find(one => one !== undefined && this.#values.sort(one) === 'array buffer')
    if (heap.smi(object, base) !== 0 || address === undefined || buffer === undefined) return undefined
    if (length === undefined || length > LARGEST_BUFFER) return undefined
    return { type, elementBytes: bytes, address, length: Math.floor(length / bytes), buffer }
  }

  /** The memory of an array buffer. */
  buffer(object: number): Buffer | undefined {
    const { heap } = this.#values
    const { constant } = heap.layout
    const storeAt = constant('class_JSArrayBuffer__backing_store__')
    const lengthAt = constant('class_JSArrayBuffer__byte_length__')
    if (this.#values.sort(object) !== 'array buffer' || storeAt === undefined || lengthAt === undefined)
      return undefined
    const address = heap.memory.word(object - 1 + storeAt)
    const bytes = heap.memory.word(object - 1 + lengthAt)
    const bits = heap.memory.uint32(object - 1 + storeAt + 16)
    if (address === undefined || bytes === undefined || bits === undefined) return undefined
    return {
      address,
      bytes,
      shared: (bits & 16) !== 0,
      id: this.#backingStore(object, storeAt, address, bytes),
    }
  }

  /**
   * The number of a BackingStore (src/objects/backing-store.h), to which the buffer's extension refers: believed where the store has the very
   * address and length that the buffer has. Measured on 10.2 to 14.6: start, length, greatest length, capacity, number.
   */
  #backingStore(object: number, storeAt: number, address: number, bytes: number): number | undefined {
    const { memory } = this.#values.heap
    const extension = memory.word(object - 1 + storeAt + 8)
    if (extension === undefined || extension % 8 !== 0) return undefined
    for (const at of [0, 8]) {
      const store = memory.word(extension + at)
      if (store === undefined || store % 8 !== 0 || address === 0) continue
      if (memory.word(store) === address && memory.word(store + 8) === bytes) return memory.uint32(store + 32)
    }
    return undefined
  }
}
