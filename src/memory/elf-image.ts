/**
 * An ELF image (elf(5)), from its file or as it lies in a process's memory. Nothing here throws on a damaged image:
 * what cannot be read is undefined or an empty list, and every length is bounded.
 */
import { buildIdIn } from './build-id.ts'
import { fileReader, type Reader } from './file-bytes.ts'
import type { Memory } from './memory.ts'
import { SymbolHash } from './symbol-hash.ts'
import { type ElfSymbol, functionNames, SYMBOL, type SymbolTable, symbolsBeginning } from './symbol-table.ts'

export interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly fileSize: number
  readonly memorySize: number
  readonly executable: boolean
}

const LOAD = 1
const DYNAMIC = 2
const NOTE = 4
const EH_FRAME_HEADER = 0x6474e550
const X86_64 = 62
const LARGEST_TABLE = 96 * 2 ** 20
const MOST_SEGMENTS = 512
const MOST_SECTIONS = 4096
const LONGEST_NAME = 1024

export class ElfImage {
  readonly segments: readonly Segment[]
  /** What is added to an address of the image to get one of the process; 0 for an image read from its file. */
  readonly bias: number
  readonly #head: Reader
  readonly #header: Buffer
  readonly #at: Reader
  #dynamic: { readonly table: SymbolTable | undefined } | undefined

  /** The image in an open file. Undefined when it is none of x86-64. */
  static ofFile(fd: number): ElfImage | undefined {
    return ElfImage.of(fileReader(fd))
  }

  /** The image whose first byte is mapped at `start`. */
  static inMemory(memory: Memory, start: number): ElfImage | undefined {
    return ElfImage.of((at, length) => memory.bytes(start + at, length), {
      start,
      read: (at, length) => memory.bytes(at, length),
    })
  }

  /** `head` reads by offset in the file; `loaded` by address in the process, where it is loaded. */
  static of(head: Reader, loaded?: { readonly start: number; readonly read: Reader }): ElfImage | undefined {
    const header = head(0, 64)
    if (header === undefined || header.readUInt32BE(0) !== 0x7f454c46) return undefined
    if (header[4] !== 2 || header[5] !== 1 || header.readUInt16LE(18) !== X86_64) return undefined
    const [entry, count] = [header.readUInt16LE(54), header.readUInt16LE(56)]
    if (entry < 56 || count === 0 || count > MOST_SEGMENTS) return undefined
    const table = head(wordIn(header, 32), entry * count)
    if (table === undefined) return undefined
    const segments = Array.from({ length: count }, (_, index) => {
      const at = index * entry
      return {
        type: table.readUInt32LE(at),
        executable: (table.readUInt32LE(at + 4) & 1) !== 0,
        offset: wordIn(table, at + 8),
        address: wordIn(table, at + 16),
        fileSize: wordIn(table, at + 32),
        memorySize: wordIn(table, at + 40),
      }
    })
    return new ElfImage(head, header, segments, loaded)
  }

  private constructor(
    head: Reader,
    header: Buffer,
    segments: readonly Segment[],
    loaded: { readonly start: number; readonly read: Reader } | undefined,
  ) {
    this.#head = head
    this.#header = header
    this.segments = segments
    const first = segments.find(({ type, offset }) => type === LOAD && offset === 0)
    this.bias = loaded === undefined || first === undefined ? 0 : loaded.start - first.address
    this.#at = loaded
      ? (address, length) => loaded.read(address + this.bias, length)
      : (address, length) => {
          const offset = this.offsetOf(address, length)
          return offset === undefined ? this.#zeros(address, length) : head(offset, length)
        }
  }

  /** Bytes at an address of the image (not of the process). */
  bytesAt(address: number, length: number): Buffer | undefined {
    return this.#at(address, length)
  }

  /** Where in the file the bytes of an address stand. */
  offsetOf(address: number, length = 1): number | undefined {
    const holder = this.segments.find(
      ({ type, address: from, fileSize }) =>
        type === LOAD && address >= from && address + length <= from + fileSize,
    )
    return holder && address - holder.address + holder.offset
  }

  /** The address that the byte at an offset of the file is meant for. */
  addressOf(offset: number): number | undefined {
    const holder = this.segments.find(
      ({ type, offset: from, fileSize }) => type === LOAD && offset >= from && offset < from + fileSize,
    )
    return holder && offset - holder.offset + holder.address
  }

  /** The table by which functions' unwind entries are found (LSB, .eh_frame_hdr). */
  get ehFrameHeader(): Segment | undefined {
    return this.segments.find(({ type }) => type === EH_FRAME_HEADER)
  }

  /** The build's identity (GNU build-id note), in hexadecimal. */
  get buildId(): string | undefined {
    for (const { type, address, fileSize } of this.segments) {
      const notes = type === NOTE && fileSize <= 65536 ? this.bytesAt(address, fileSize) : undefined
      const found = notes && buildIdIn(notes)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The exported symbols whose names begin with one of `prefixes`. */
  dynamicSymbols(prefixes: readonly string[]): ReadonlyMap<string, ElfSymbol> {
    const table = this.#dynamicTable()
    return table === undefined ? new Map() : symbolsBeginning(table, prefixes)
  }

  /** The same of the full symbol table, which only a file has, and only one that was not stripped. */
  allSymbols(prefixes: readonly string[]): ReadonlyMap<string, ElfSymbol> {
    const table = this.#fullTable()
    return table === undefined ? new Map() : symbolsBeginning(table, prefixes)
  }

  /** The functions' names at addresses of the image: exported ones, and with `all` those of the full table. */
  namesAt(addresses: readonly number[], all = false): ReadonlyMap<number, string> {
    const table = all ? this.#fullTable() : this.#dynamicTable()
    if (table === undefined) return new Map()
    return functionNames(table, addresses)
  }

  /** What begins as zeros has no bytes in the file: constants that are 0, too. */
  #zeros(address: number, length: number): Buffer | undefined {
    const isZero = this.segments.some(
      ({ type, address: from, fileSize, memorySize }) =>
        type === LOAD && address >= from + fileSize && address + length <= from + memorySize,
    )
    return isZero && length <= 4096 ? Buffer.alloc(length) : undefined
  }

  #dynamicTable(): SymbolTable | undefined {
    if (this.#dynamic === undefined) this.#dynamic = { table: this.#readDynamicTable() }
    return this.#dynamic.table
  }

  #readDynamicTable(): SymbolTable | undefined {
    const segment = this.segments.find(({ type }) => type === DYNAMIC)
    const dynamic =
      segment && segment.fileSize <= 65536 ? this.bytesAt(segment.address, segment.fileSize) : undefined
    if (dynamic === undefined) return undefined
    const tags = new Map<number, number>()
    for (let at = 0; at + 16 <= dynamic.length; at += 16)
      tags.set(wordIn(dynamic, at), wordIn(dynamic, at + 8))
    const base = this.#relocated(tags.get(6)) // DT_SYMTAB
    const strings = this.#relocated(tags.get(5)) // DT_STRTAB
    const size = tags.get(10) ?? 0 // DT_STRSZ
    if (base === undefined || strings === undefined || size > LARGEST_TABLE) return undefined
    // Its length stands nowhere: it ends at the next table at the latest, and with its segment.
    const next = [4, 5, 7, 23, 0x6ffffef5, 0x6ffffff0, 0x6ffffffe]
      .flatMap(tag => this.#relocated(tags.get(tag)) ?? [])
      .filter(address => address > base)
    const holder = this.segments.find(
      ({ type, address, fileSize }) => type === LOAD && base >= address && base < address + fileSize,
    )
    if (holder === undefined) return undefined
    const end = Math.min(holder.address + holder.fileSize, ...next)
    const length = Math.floor((end - base) / SYMBOL) * SYMBOL
    if (length > LARGEST_TABLE) return undefined
    const entries = this.bytesAt(base, length)
    return (
      entries && {
        entries,
        names: place => this.bytesAt(strings + place, Math.min(LONGEST_NAME, Math.max(0, size - place))),
        allNames: () => this.bytesAt(strings, size),
        hash: this.#hash(tags.get(0x6ffffef5), length / SYMBOL), // DT_GNU_HASH
      }
    )
  }

  #hash(place: number | undefined, count: number): SymbolHash | undefined {
    const base = this.#relocated(place)
    return base === undefined
      ? undefined
      : SymbolHash.at((at, length) => this.bytesAt(at, length), base, count)
  }

  /** The dynamic linker writes addresses of the process into some images' dynamic section. */
  #relocated(address: number | undefined): number | undefined {
    if (address === undefined || this.bias === 0 || address < this.bias) return address
    return address - this.bias
  }

  #fullTable(): SymbolTable | undefined {
    const [entry, count] = [this.#header.readUInt16LE(58), this.#header.readUInt16LE(60)]
    if (entry < 64 || count > MOST_SECTIONS) return undefined
    const sections = this.#head(wordIn(this.#header, 40), entry * count)
    if (sections === undefined) return undefined
    const place = (index: number) => {
      const [offset, size] = [wordIn(sections, index * entry + 24), wordIn(sections, index * entry + 32)]
      return { offset, size: size <= LARGEST_TABLE ? size : 0 }
    }
    for (let index = 0; index < count; index++) {
      if (sections.readUInt32LE(index * entry + 4) !== 2) continue // SHT_SYMTAB
      const link = sections.readUInt32LE(index * entry + 40)
      if (link >= count) return undefined
      const [symbols, strings] = [place(index), place(link)]
      const entries = this.#head(symbols.offset, symbols.size)
      return (
        entries && {
          entries,
          names: at =>
            this.#head(strings.offset + at, Math.min(LONGEST_NAME, Math.max(0, strings.size - at))),
          allNames: () => this.#head(strings.offset, strings.size),
        }
      )
    }
    return undefined
  }
}

function wordIn(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at + 4) * 2 ** 32 + buffer.readUInt32LE(at)
}
