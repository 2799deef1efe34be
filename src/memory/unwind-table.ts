/**
 * How to find the caller of a native function: the call frame information of `.eh_frame` (LSB 5.0 chapter 10.6, DWARF 5
 * section 6.4). Garbage gives undefined.
 */
import { Cursor } from './dwarf-cursor.ts'
import type { ElfImage } from './elf-image.ts'
import { type Alignment, UnwindProgram } from './unwind-program.ts'
import { wordsOf } from './words.ts'

/** Numbers of registers in the System V ABI for x86-64. */
export const RBP = 6
export const RSP = 7
const RETURN_ADDRESS = 16

/** Where the caller's value of a register is. */
export type Rule =
  | { readonly at: 'saved'; readonly offset: number }
  | { readonly at: 'address'; readonly expression: Buffer }
  | { readonly at: 'unknown' }

/** The row of the table for one address. */
export interface UnwindRow {
  /** The function's first address, of the image. */
  readonly start: number
  readonly end: number
  /** The stack pointer before the call: a register with an offset, or a computation. */
  readonly frame: { readonly register: number; readonly offset: number } | { readonly expression: Buffer }
  /** By register; what is absent is unchanged. */
  readonly rules: ReadonlyMap<number, Rule>
  readonly returnAddress: Rule
  /** The frame was pushed by the kernel to run a signal handler. */
  readonly signal: boolean
}

const LONGEST_ENTRY = 65536

/** The search table of an image. */
export class UnwindTable {
  readonly #image: ElfImage
  readonly #base: number
  readonly #entries: Buffer
  #gap: { readonly from: number; readonly to: number } | undefined

  static of(image: ElfImage): UnwindTable | undefined {
    const header = image.ehFrameHeader
    const start = header && image.bytesAt(header.address, 12)
    // Version 1; a table of pairs of offsets from the header (sdata4 | datarel), counted in udata4.
    if (!header || !start || start[0] !== 1 || start[2] !== 3 || start[3] !== 0x3b) return undefined
    const count = start.readUInt32LE(8)
    if (count === 0 || count * 8 + 12 > header.memorySize) return undefined
    const entries = image.bytesAt(header.address + 12, count * 8)
    return entries && new UnwindTable(image, header.address, entries)
  }

  private constructor(image: ElfImage, base: number, entries: Buffer) {
    this.#image = image
    this.#base = base
    this.#entries = entries
  }

  /** The row for an address of the image. */
  row(address: number): UnwindRow | undefined {
    const offset = address - this.#base
    let low = 0
    let high = this.#entries.length / 8
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#entries.readInt32LE(middle * 8) <= offset) low = middle + 1
      else high = middle
    }
    if (low === 0) return undefined
    return readRow(this.#image, this.#base + this.#entries.readInt32LE((low - 1) * 8 + 4), address)
  }

  /**
   * The longest stretch between the starts of two functions. In Node's executable V8's embedded builtins lie there, which have
   * no unwind entries (measured on 18 to 26: from the end of the function before to the next, nothing else).
   */
  get longestGap(): { readonly from: number; readonly to: number } {
    if (this.#gap) return this.#gap
    const words = wordsOf(this.#entries)
    let gap = { from: 0, to: 0 }
    for (let at = 2; at < words.length; at += 2) {
      // Offsets are signed.
      const from = words[at - 2]! | 0
      const to = words[at]! | 0
      if (to - from > gap.to - gap.from) gap = { from, to }
    }
    this.#gap = { from: gap.from + this.#base, to: gap.to + this.#base }
    return this.#gap
  }
}

interface Common extends Alignment {
  readonly encoding: number
  readonly signal: boolean
  readonly augmented: boolean
  readonly program: Buffer
}

function readRow(image: ElfImage, at: number, address: number): UnwindRow | undefined {
  try {
    const entry = readEntry(image, at)
    if (entry === undefined || entry.id === 0) return undefined
    const common = readCommon(image, at + 4 - entry.id)
    if (common === undefined) return undefined
    const cursor = new Cursor(entry.body)
    const start = pointer(cursor, common.encoding, at + 8)
    const size = pointer(cursor, common.encoding & 0x0f, 0)
    if (start === undefined || size === undefined || address < start || address >= start + size)
      return undefined
    if (common.augmented) cursor.skip(cursor.unsigned())
    const state = new UnwindProgram(common)
    if (!state.run(common.program, 0, Number.POSITIVE_INFINITY)) return undefined
    state.keepInitial()
    if (!state.run(cursor.rest(), start, address)) return undefined
    const { frame } = state
    if (frame === undefined) return undefined
    return {
      start,
      end: start + size,
      frame,
      rules: state.rules,
      returnAddress: state.rules.get(RETURN_ADDRESS) ?? { at: 'unknown' },
      signal: common.signal,
    }
  } catch {
    return undefined // It points outside of itself.
  }
}

/** An entry without its length and id. */
function readEntry(image: ElfImage, at: number): { readonly id: number; readonly body: Buffer } | undefined {
  const head = image.bytesAt(at, 8)
  const length = head?.readUInt32LE(0) ?? 0
  if (head === undefined || length < 4 || length > LONGEST_ENTRY) return undefined
  const body = image.bytesAt(at + 8, length - 4)
  return body && { id: head.readUInt32LE(4), body }
}

function readCommon(image: ElfImage, at: number): Common | undefined {
  const entry = readEntry(image, at)
  if (entry === undefined || entry.id !== 0) return undefined
  const cursor = new Cursor(entry.body)
  const version = cursor.byte()
  if (version !== 1 && version !== 3) return undefined
  const augmentation = cursor.text()
  const codeAlign = cursor.unsigned()
  const dataAlign = cursor.signed()
  if (cursor.unsigned() !== RETURN_ADDRESS) return undefined
  let encoding = 0
  if (augmentation.startsWith('z')) {
    cursor.unsigned()
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') encoding = cursor.byte()
      else if (letter === 'L') cursor.byte()
      else if (letter === 'P') pointer(cursor, cursor.byte(), 0)
      else if (letter !== 'S' && letter !== 'B') return undefined
    }
  } else if (augmentation !== '') return undefined
  return {
    codeAlign,
    dataAlign,
    encoding,
    signal: augmentation.includes('S'),
    augmented: augmentation.startsWith('z'),
    program: cursor.rest(),
  }
}

/** `at`: the address of the cursor's first byte. */
function pointer(cursor: Cursor, encoding: number, at: number): number | undefined {
  const base = (encoding & 0x70) === 0x10 ? at + cursor.at : 0
  if (encoding & 0x60) return undefined
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
      return base + cursor.int64()
    case 0x03:
      return base + (cursor.int32() >>> 0)
    case 0x0b:
      return base + cursor.int32()
    default:
      return undefined
  }
}
