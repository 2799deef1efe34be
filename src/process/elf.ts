/**
 * As much of an executable file as tells what runs in it: exported symbols and single sections, read at their place
 * (elf(5)). A Node binary has 90 to 150 MB; looking up a symbol here reads a few kilobytes.
 */
import { closeSync, openSync, readSync } from 'node:fs'

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly size: number
}

export interface Section {
  readonly name: string
  readonly offset: number
  readonly size: number
}

const loaded = 1
const dynamic = 2
const machines: Record<number, string> = {
  3: 'ia32',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  21: 'ppc64',
  22: 's390x',
  243: 'riscv64',
  258: 'loong64',
}

/** A 64-bit little-endian image. Close it. */
export class ElfFile {
  readonly arch: string
  readonly #fd: number
  readonly #segments: readonly Segment[]
  readonly #header: Buffer

  /** Undefined when the file cannot be read or is no such image. */
  static open(path: string): ElfFile | undefined {
    let fd: number | undefined
    try {
      fd = openSync(path, 'r')
      return new ElfFile(fd)
    } catch {
      if (fd !== undefined) closeSync(fd)
      return undefined
    }
  }

  private constructor(fd: number) {
    this.#fd = fd
    this.#header = this.at(0, 64)
    if (this.#header.readUInt32BE(0) !== 0x7f454c46 || this.#header[4] !== 2 || this.#header[5] !== 1) {
      throw new Error('not a 64-bit little-endian ELF image')
    }
    this.arch = machines[this.#header.readUInt16LE(18)] ?? 'unknown'
    const entry = this.#header.readUInt16LE(54)
    const count = this.#header.readUInt16LE(56)
    const table = this.at(Number(this.#header.readBigUInt64LE(32)), entry * count)
    this.#segments = Array.from({ length: count }, (_, index) => {
      const word = (offset: number) => Number(table.readBigUInt64LE(index * entry + offset))
      return { type: table.readUInt32LE(index * entry), offset: word(8), address: word(16), size: word(32) }
    })
  }

  /** Bytes of the file, as many as there are. */
  at(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length)
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, length, offset))
  }

  /** Bytes at a virtual address, as the file has them (before relocation). */
  atAddress(address: number, length: number): Buffer | undefined {
    const holder = this.#segments.find(
      ({ type, address: start, size }) => type === loaded && address >= start && address < start + size,
    )
    return holder && this.at(address - holder.address + holder.offset, length)
  }

  /** The address of an exported symbol, through the hash table that the dynamic linker uses (DT_GNU_HASH). */
  symbol(name: string): number | undefined {
    const tables = this.#dynamicTables()
    const [hashes, symbols, strings] = [tables.get(0x6ffffef5), tables.get(6), tables.get(5)]
    if (hashes === undefined || symbols === undefined || strings === undefined) return undefined
    const head = this.atAddress(hashes, 16)!
    const [buckets, first, bloomWords] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)]
    const hash = gnuHash(name)
    const bucketTable = hashes + 16 + bloomWords * 8
    const chains = bucketTable + buckets * 4
    let index = this.atAddress(bucketTable + (hash % buckets) * 4, 4)!.readUInt32LE(0)
    if (index < first) return undefined
    for (; ; index++) {
      const link = this.atAddress(chains + (index - first) * 4, 4)!.readUInt32LE(0)
      if ((link | 1) === (hash | 1)) {
        const symbol = this.atAddress(symbols + index * 24, 24)!
        const text = this.atAddress(strings + symbol.readUInt32LE(0), name.length + 1)!
        const defined = symbol.readUInt16LE(6) !== 0
        if (defined && text.toString('latin1') === `${name}\0`) return Number(symbol.readBigUInt64LE(8))
      }
      if (link & 1) return undefined
    }
  }

  /** The pointer stored at an address; in a position-independent image it stands in the relocations instead. */
  pointerAt(address: number): number | undefined {
    const stored = this.atAddress(address, 8)?.readBigUInt64LE(0) ?? 0n
    if (stored !== 0n) return Number(stored)
    const tables = this.#dynamicTables()
    const relocations = this.atAddress(tables.get(7) ?? 0, tables.get(8) ?? 0)
    const key = Buffer.alloc(8)
    key.writeBigUInt64LE(BigInt(address))
    for (let at = relocations?.indexOf(key) ?? -1; at !== -1; at = relocations!.indexOf(key, at + 1)) {
      if (at % 24 === 0) return Number(relocations!.readBigUInt64LE(at + 16))
    }
    return undefined
  }

  /** The text at an address, up to its NUL. */
  textAt(address: number): string {
    const bytes = this.atAddress(address, 256) ?? Buffer.alloc(0)
    return bytes.toString('latin1', 0, Math.max(0, bytes.indexOf(0)))
  }

  section(name: string): Section | undefined {
    const [entry, count] = [this.#header.readUInt16LE(58), this.#header.readUInt16LE(60)]
    const table = this.at(Number(this.#header.readBigUInt64LE(40)), entry * count)
    const place = (index: number) => ({
      offset: Number(table.readBigUInt64LE(index * entry + 24)),
      size: Number(table.readBigUInt64LE(index * entry + 32)),
    })
    if (count === 0 || table.length < entry * count) return undefined
    const namesAt = place(this.#header.readUInt16LE(62))
    const names = this.at(namesAt.offset, namesAt.size).toString('latin1')
    for (let index = 0; index < count; index++) {
      if (names.startsWith(`${name}\0`, table.readUInt32LE(index * entry))) return { name, ...place(index) }
    }
    return undefined
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** DT_* tags and their values. */
  #dynamicTables(): ReadonlyMap<number, number> {
    const segment = this.#segments.find(({ type }) => type === dynamic)
    const table = segment ? this.at(segment.offset, segment.size) : Buffer.alloc(0)
    const entries = Array.from({ length: Math.floor(table.length / 16) }, (_, index) => {
      return [
        Number(table.readBigUInt64LE(index * 16)),
        Number(table.readBigUInt64LE(index * 16 + 8)),
      ] as const
    })
    return new Map(entries)
  }
}

function gnuHash(name: string): number {
  let hash = 5381
  for (let i = 0; i < name.length; i++) hash = (hash * 33 + name.charCodeAt(i)) >>> 0
  return hash
}
