/**
 * How to find the caller of a native function: the call frame information of `.eh_frame` (LSB 5.0 chapter 10.6, DWARF 5
 * section 6.4). Garbage gives undefined.
 */
import type { ElfImage } from './elf-image.ts'
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

interface Common {
  readonly codeAlign: number
  readonly dataAlign: number
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
    const state = new State(common)
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

/** Runs the instructions of a table up to an address. */
class State {
  frame: UnwindRow['frame'] | undefined
  rules = new Map<number, Rule>()
  readonly #common: Common
  readonly #stack: { frame: UnwindRow['frame'] | undefined; rules: Map<number, Rule> }[] = []
  #initial = new Map<number, Rule>()

  constructor(common: Common) {
    this.#common = common
  }

  keepInitial(): void {
    this.#initial = new Map(this.rules)
  }

  /** False for an instruction that is not known. */
  run(program: Buffer, start: number, until: number): boolean {
    const cursor = new Cursor(program)
    const { codeAlign, dataAlign } = this.#common
    let location = start
    while (!cursor.ended) {
      const code = cursor.byte()
      const low = code & 0x3f
      if (code >> 6 === 1) location += low * codeAlign
      else if (code >> 6 === 2) this.#saved(low, cursor.unsigned() * dataAlign)
      else if (code >> 6 === 3) this.#restore(low)
      else {
        const step = this.#extended(code, cursor, dataAlign)
        if (step === undefined) return false
        location += step * codeAlign
      }
      if (location > until) return true
    }
    return true
  }

  /** How far an instruction moves the location. */
  #extended(code: number, cursor: Cursor, dataAlign: number): number | undefined {
    switch (code) {
      case 0x00: // nop
        return 0
      case 0x02: // advance_loc1
        return cursor.byte()
      case 0x03: // advance_loc2
        return cursor.uint16()
      case 0x04: // advance_loc4
        return cursor.int32() >>> 0
      case 0x05: // offset_extended
        this.#saved(cursor.unsigned(), cursor.unsigned() * dataAlign)
        return 0
      case 0x06: // restore_extended
        this.#restore(cursor.unsigned())
        return 0
      case 0x07: // undefined
        this.rules.set(cursor.unsigned(), { at: 'unknown' })
        return 0
      case 0x08: // same_value
        this.rules.delete(cursor.unsigned())
        return 0
      case 0x09: // register
        this.rules.set(cursor.unsigned(), { at: 'unknown' })
        cursor.unsigned()
        return 0
      case 0x0a: // remember_state
        if (this.#stack.length > 64) return undefined
        this.#stack.push({ frame: this.frame, rules: new Map(this.rules) })
        return 0
      case 0x0b: {
        // restore_state
        const kept = this.#stack.pop()
        if (kept === undefined) return undefined
        this.frame = kept.frame
        this.rules = kept.rules
        return 0
      }
      case 0x0c: // def_cfa
        this.frame = { register: cursor.unsigned(), offset: cursor.unsigned() }
        return 0
      case 0x0d: // def_cfa_register
        if (this.frame === undefined || !('register' in this.frame)) return undefined
        this.frame = { register: cursor.unsigned(), offset: this.frame.offset }
        return 0
      case 0x0e: // def_cfa_offset
        if (this.frame === undefined || !('register' in this.frame)) return undefined
        this.frame = { register: this.frame.register, offset: cursor.unsigned() }
        return 0
      case 0x0f: // def_cfa_expression
        this.frame = { expression: cursor.take(cursor.unsigned()) }
        return 0
      case 0x10: // expression
        this.rules.set(cursor.unsigned(), { at: 'address', expression: cursor.take(cursor.unsigned()) })
        return 0
      case 0x11: // offset_extended_sf
        this.#saved(cursor.unsigned(), cursor.signed() * dataAlign)
        return 0
      case 0x12: // def_cfa_sf
        this.frame = { register: cursor.unsigned(), offset: cursor.signed() * dataAlign }
        return 0
      case 0x16: // val_expression
        this.rules.set(cursor.unsigned(), { at: 'unknown' })
        cursor.take(cursor.unsigned())
        return 0
      case 0x2e: // GNU_args_size
        cursor.unsigned()
        return 0
      default:
        return undefined
    }
  }

  #saved(register: number, offset: number): void {
    this.rules.set(register, { at: 'saved', offset })
  }

  #restore(register: number): void {
    const rule = this.#initial.get(register)
    if (rule === undefined) this.rules.delete(register)
    else this.rules.set(register, rule)
  }
}

/** The value of a DWARF expression made of what occurs in unwind tables; undefined for anything else. */
export function evaluate(
  expression: Buffer,
  initial: number | undefined,
  register: (number: number) => number | undefined,
  load: (address: number) => number | undefined,
): number | undefined {
  const stack: number[] = initial === undefined ? [] : [initial]
  try {
    const cursor = new Cursor(expression)
    while (!cursor.ended) {
      const code = cursor.byte()
      if (code >= 0x30 && code <= 0x4f) stack.push(code - 0x30)
      else if (code >= 0x70 && code <= 0x8f)
        stack.push((register(code - 0x70) ?? Number.NaN) + cursor.signed())
      else if (code === 0x08) stack.push(cursor.byte())
      else if (code === 0x09) stack.push((cursor.byte() << 24) >> 24)
      else if (code === 0x0a) stack.push(cursor.uint16())
      else if (code === 0x06) stack.push(load(stack.pop() ?? Number.NaN) ?? Number.NaN)
      else if (code === 0x23) stack.push((stack.pop() ?? Number.NaN) + cursor.unsigned())
      else {
        const second = stack.pop() ?? Number.NaN
        const first = stack.pop() ?? Number.NaN
        if (code === 0x1a) stack.push(second >= 0 && second < 256 ? (first % 256) & second : Number.NaN)
        else if (code === 0x22) stack.push(first + second)
        else if (code === 0x1c) stack.push(first - second)
        else if (code === 0x24) stack.push(first * 2 ** second)
        else if (code === 0x2a) stack.push(first >= second ? 1 : 0)
        else return undefined
      }
    }
  } catch {
    return undefined
  }
  const value = stack.at(-1)
  return value === undefined || !Number.isSafeInteger(value) ? undefined : value
}

/** Reads one thing after the other; throws a RangeError at the end. */
class Cursor {
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
