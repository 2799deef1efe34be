/** The bytes of unwind tables, one after the other (DWARF 5 section 7.6 for numbers of variable length). */

/** Reads one thing after the other; throws a RangeError at the end. */
export class Cursor {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes.readUInt8(this.at++)
  }

  uint16(): number {
    this.at += 2
    return this.#bytes.readUInt16LE(this.at - 2)
  }

  int32(): number {
    this.at += 4
    return this.#bytes.readInt32LE(this.at - 4)
  }

  int64(): number {
    this.at += 8
    return this.#bytes.readInt32LE(this.at - 4) * 2 ** 32 + this.#bytes.readUInt32LE(this.at - 8)
  }

  unsigned(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }

  signed(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value
    }
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.at)
    if (end === -1) throw new RangeError('no end of text')
    const text = this.#bytes.toString('latin1', this.at, end)
    this.at = end + 1
    return text
  }

  take(length: number): Buffer {
    if (!(this.at + length <= this.#bytes.length)) throw new RangeError('outside of the entry')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  skip(length: number): void {
    this.take(length)
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.at)
  }
}
