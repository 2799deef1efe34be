/** The instructions of an unwind table (DWARF 5 section 6.4.2): where the caller's registers are at each address. */
import { Cursor } from './dwarf-cursor.ts'
import type { Rule, UnwindRow } from './unwind-table.ts'

/** What an entry's instructions are multiplied by. */
export interface Alignment {
  readonly codeAlign: number
  readonly dataAlign: number
}

/** Runs the instructions of a table up to an address. */
export class UnwindProgram {
  frame: UnwindRow['frame'] | undefined
  rules = new Map<number, Rule>()
  readonly #common: Alignment
  readonly #stack: { frame: UnwindRow['frame'] | undefined; rules: Map<number, Rule> }[] = []
  #initial = new Map<number, Rule>()

  constructor(common: Alignment) {
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
