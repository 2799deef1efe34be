/** Reads the binary format of WebAssembly (core specification, chapter 5): LEB128 numbers, names, vectors. */

/** The bytes are none of a module, or of a part of the format that is not read. */
export class UnreadableModule extends Error {}

export class ByteReader {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte(): number {
    const byte = this.bytes[this.at]
    if (byte === undefined) throw new UnreadableModule('the bytes end too early')
    this.at += 1
    return byte
  }

  /** An index, a length or a count. Those of 64-bit memories may lose their lowest bits beyond 2^53. */
  unsigned(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  /** A constant, or a block's type. */
  signed(): bigint {
    let value = 0n
    for (let shift = 0n; ; ) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) return byte & 0x40 ? value - (1n << shift) : value
    }
  }

  name(): string {
    const length = this.unsigned()
    this.at += length
    return Buffer.from(this.bytes.subarray(this.at - length, this.at)).toString()
  }

  /** As many items as the count before them says. */
  vector<Item>(read: (index: number) => Item): Item[] {
    const count = this.unsigned()
    // Each item has a byte at least: what claims more is no module.
    if (count > this.bytes.length) throw new UnreadableModule('a vector is longer than the module')
    return Array.from({ length: count }, (_, index) => read(index))
  }
}
