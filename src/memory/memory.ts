/**
 * The memory of a process that is looked at, by address. Whoever reads it must take any bytes for possible garbage:
 * nothing here throws, and what cannot be read is undefined.
 *
 * Addresses of programs on x86-64 have 47 bits and are exact as numbers; a word that is no address may lose its low
 * bits, which no check of an address lets pass.
 */
export interface Memory {
  /** Undefined unless all of it can be read. */
  bytes(address: number, length: number): Buffer | undefined
  /** 64 bits, unsigned. */
  word(address: number): number | undefined
  uint32(address: number): number | undefined
  int32(address: number): number | undefined
  uint16(address: number): number | undefined
}

const PAGE = 4096
/** No single reading is longer, bytes. */
const LONGEST = 16 * 2 ** 20

/** Memory read page by page, each page once: a frozen view, as long as the thread that is read does not move. */
export abstract class PagedMemory implements Memory {
  readonly #pages = new Map<number, Buffer | undefined>()
  #left: number

  /** `budget`: how many bytes may be read in all; beyond it nothing more is readable. */
  constructor(budget: number) {
    this.#left = budget
  }

  /** Fills `into` from `address`; false where not all of it could be read. */
  protected abstract fill(address: number, into: Buffer): boolean

  bytes(address: number, length: number): Buffer | undefined {
    if (!(address >= PAGE) || !(address + length < 2 ** 47) || !(length >= 0) || length > LONGEST)
      return undefined
    const first = Math.floor(address / PAGE) * PAGE
    const offset = address - first
    if (offset + length <= PAGE) return this.#page(first)?.subarray(offset, offset + length)
    // Long texts and tables are read in one go, and are not asked for again.
    return length > 4 * PAGE ? this.#read(address, length) : this.#across(first, offset, length)
  }

  word(address: number): number | undefined {
    const bytes = this.bytes(address, 8)
    return bytes && bytes.readUInt32LE(4) * 2 ** 32 + bytes.readUInt32LE(0)
  }

  uint32(address: number): number | undefined {
    return this.bytes(address, 4)?.readUInt32LE(0)
  }

  int32(address: number): number | undefined {
    return this.bytes(address, 4)?.readInt32LE(0)
  }

  uint16(address: number): number | undefined {
    return this.bytes(address, 2)?.readUInt16LE(0)
  }

  /** Reads straight into a buffer; false where not all of it could be read. */
  copy(address: number, into: Buffer): boolean {
    if (!(address >= PAGE) || !(address + into.length < 2 ** 47) || into.length > this.#left) return false
    this.#left -= into.length
    return this.fill(address, into)
  }

  /** How many bytes may still be read. */
  get left(): number {
    return this.#left
  }

  #across(first: number, offset: number, length: number): Buffer | undefined {
    const pages: Buffer[] = []
    for (let page = first; page < first + offset + length; page += PAGE) {
      const bytes = this.#page(page)
      if (bytes === undefined) return undefined
      pages.push(bytes)
    }
    return Buffer.concat(pages).subarray(offset, offset + length)
  }

  #page(page: number): Buffer | undefined {
    if (this.#pages.has(page)) return this.#pages.get(page)
    const bytes = this.#read(page, PAGE)
    this.#pages.set(page, bytes)
    return bytes
  }

  #read(address: number, length: number): Buffer | undefined {
    if (length > this.#left) return undefined
    this.#left -= length
    const bytes = Buffer.allocUnsafe(length)
    return this.fill(address, bytes) ? bytes : undefined
  }
}
