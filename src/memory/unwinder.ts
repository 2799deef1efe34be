/**
 * The physical frames of a blocked thread, from the two registers that the kernel tells of it (stack pointer and
 * program counter, proc_pid_syscall(5)) up to the thread's first function.
 *
 * Native functions are walked by their unwind tables. Node and V8 keep rbp as a frame pointer, whose value at the moment
 * is not known: it is worked out from the prologue of the first function that needs it, or found on the stack.
 */
import type { AddressMap } from './address-map.ts'
import { evaluate } from './dwarf-expression.ts'
import type { Code, Images } from './images.ts'
import type { Memory } from './memory.ts'
import { frameSize } from './prologue.ts'
import { RBP, RSP, type Rule, type UnwindRow } from './unwind-table.ts'

export interface PhysicalFrame {
  /** The address that execution continues at. */
  readonly pc: number
  /** An address inside of the instruction that is being executed. */
  readonly lookup: number
  readonly code: Code
  /** The frame pointer; only V8's own frames need one. */
  readonly fp: number | undefined
}

/** How the frame pointer was found. */
export type Strength = 'exact' | 'likely'

export interface Walk {
  /** Innermost first. */
  readonly frames: readonly PhysicalFrame[]
  readonly strength: Strength
  /** Whether the walk came to the thread's first function. */
  readonly complete: boolean
}

const MOST_FRAMES = 50_000
/** How far above the stack pointer a lost frame pointer is looked for, bytes. */
const SCAN = 128 * 1024

interface Registers {
  pc: number
  sp: number
  /** By number; what is absent is not known. */
  readonly saved: Map<number, number>
}

export class Unwinder {
  readonly #memory: Memory
  readonly #map: AddressMap
  readonly #images: Images

  constructor(memory: Memory, map: AddressMap, images: Images) {
    this.#memory = memory
    this.#map = map
    this.#images = images
  }

  /** `saved`: the other registers by number, where they are known: in a core. */
  walk(pc: number, sp: number, saved: ReadonlyMap<number, number> = new Map()): Walk {
    const stackEnd = this.#map.at(sp)?.to ?? 0
    const at: Registers = { pc, sp, saved: new Map(saved) }
    const frames: PhysicalFrame[] = []
    let strength: Strength = 'exact'
    let exact = true // The pc itself, not the address behind a call.
    while (frames.length < MOST_FRAMES) {
      let lookup = exact ? at.pc : at.pc - 1
      let code = this.#images.codeAt(lookup)
      const row = code?.kind === 'native' ? code.image.unwind?.row(code.address) : undefined
      // After a deoptimisation the return address is the first byte of a builtin.
      if (row === undefined && !exact && code?.kind !== 'compiled' && code?.kind !== 'builtin') {
        const other = this.#images.codeAt(at.pc)
        if (other !== undefined && other.kind !== 'native') {
          code = other
          lookup = at.pc
        }
      }
      if (code === undefined) return { frames, strength, complete: at.pc === 0 }
      if (code.kind !== 'native' || row === undefined || needsFrame(row)) {
        if (at.saved.get(RBP) === undefined) {
          const found = this.#recover(at.sp, stackEnd, code, row)
          if (found === undefined) return { frames, strength, complete: false }
          at.saved.set(RBP, found.fp)
          if (found.strength === 'likely') strength = 'likely'
        }
      }
      const fp = at.saved.get(RBP)
      frames.push({ pc: at.pc, lookup, code, fp })
      const before = at.sp
      const more =
        code.kind === 'native' && row !== undefined ? this.#byTable(at, row) : this.#byFramePointer(at)
      if (!more) return { frames, strength, complete: false }
      // The first function of a thread has no caller: its return address is marked unknown, or is null.
      if (at.pc === 0) return { frames, strength, complete: true }
      if (at.sp <= before || at.sp > stackEnd) return { frames, strength, complete: false }
      exact = row?.signal === true
    }
    return { frames, strength, complete: false }
  }

  #byTable(at: Registers, row: UnwindRow): boolean {
    const register = (number: number) =>
      number === RSP ? at.sp : number === 16 ? at.pc : at.saved.get(number)
    const load = (address: number) => this.#memory.word(address)
    const base = 'register' in row.frame ? register(row.frame.register) : undefined
    const frame =
      'register' in row.frame
        ? base === undefined
          ? undefined
          : base + row.frame.offset
        : evaluate(row.frame.expression, undefined, register, load)
    if (frame === undefined) return false
    const restoredBy = (rule: Rule): number | undefined => {
      if (rule.at === 'saved') return load(frame + rule.offset)
      if (rule.at === 'unknown') return undefined
      const address = evaluate(rule.expression, frame, register, load)
      return address === undefined ? undefined : load(address)
    }
    const restored = [...row.rules].map(([number, rule]) => [number, restoredBy(rule)] as const)
    const caller = row.returnAddress.at === 'unknown' ? 0 : restoredBy(row.returnAddress)
    if (caller === undefined) return false
    at.sp = frame
    at.pc = caller
    for (const [number, value] of restored) {
      if (number === RSP && value !== undefined) at.sp = value
      else if (value === undefined) at.saved.delete(number)
      else at.saved.set(number, value)
    }
    return true
  }

  /** V8's code keeps the caller's frame pointer and the return address at rbp, and no other register across calls. */
  #byFramePointer(at: Registers): boolean {
    const fp = at.saved.get(RBP)
    const [next, caller] = fp === undefined ? [] : [this.#memory.word(fp), this.#memory.word(fp + 8)]
    if (fp === undefined || next === undefined || caller === undefined || fp < at.sp) return false
    at.saved.clear()
    at.saved.set(RBP, next)
    at.sp = fp + 16
    at.pc = caller
    return true
  }

  #recover(
    sp: number,
    stackEnd: number,
    code: Code,
    row: UnwindRow | undefined,
  ): { readonly fp: number; readonly strength: Strength } | undefined {
    const start = code.kind === 'native' && row !== undefined ? row.start : undefined
    const told = start === undefined || code.kind !== 'native' ? undefined : frameSize(code, start)
    if (told !== undefined && this.#isFrame(sp + told, stackEnd) && this.#reachesEnd(sp + told, stackEnd))
      return { fp: sp + told, strength: 'exact' }
    let likely: number | undefined
    const end = Math.min(stackEnd, sp + SCAN)
    for (let slot = Math.ceil(sp / 8) * 8; slot + 16 <= end; slot += 8) {
      if (!this.#isFrame(slot, stackEnd) || !this.#reachesEnd(slot, stackEnd)) continue
      if (start !== undefined && this.#callsInto(slot, start)) return { fp: slot, strength: 'exact' }
      likely ??= slot
    }
    return likely === undefined ? undefined : { fp: likely, strength: 'likely' }
  }

  /** A saved frame pointer further up, and above it an address that follows a call. */
  #isFrame(slot: number, stackEnd: number): boolean {
    const next = this.#memory.word(slot)
    if (next === undefined || next <= slot || next >= stackEnd || next % 8 !== 0) return false
    const caller = this.#memory.word(slot + 8)
    return caller !== undefined && this.#followsCall(caller)
  }

  /** The chain of frame pointers leads up to code that has none: libc's start of the thread. */
  #reachesEnd(slot: number, stackEnd: number): boolean {
    let fp = slot
    for (let count = 0; count < MOST_FRAMES; count++) {
      const [next, caller] = [this.#memory.word(fp), this.#memory.word(fp + 8)]
      if (next === undefined || caller === undefined) return false
      const code = this.#images.codeAt(caller)
      if (code === undefined) return false
      // One step proves nothing: libc saves any register where this one is looked for.
      if (code.kind === 'native' && !code.image.isNode) return count > 0
      if (next <= fp || next >= stackEnd || next % 8 !== 0) return false
      fp = next
    }
    return false
  }

  #followsCall(caller: number): boolean {
    if (!this.#map.isExecutable(caller - 1)) return false
    const bytes = this.#memory.bytes(caller - 7, 7)
    if (bytes === undefined) return false
    if (bytes[2] === 0xe8) return true
    // call r/m64 is FF /2, of 2, 3, 4, 6 or 7 bytes; a prefix comes before.
    return [2, 3, 4, 6, 7].some(length => bytes[7 - length] === 0xff && ((bytes[8 - length]! >> 3) & 7) === 2)
  }

  /** The call above a slot goes to the function that starts at an address of Node's image. */
  #callsInto(slot: number, start: number): boolean {
    const caller = this.#memory.word(slot + 8) ?? 0
    const bytes = this.#memory.bytes(caller - 5, 5)
    const code = this.#images.codeAt(caller - 1)
    if (bytes?.[0] !== 0xe8 || code?.kind !== 'native' || !code.image.isNode) return false
    return code.address + 1 + bytes.readInt32LE(1) === start
  }
}

/** The table asks for the frame pointer. */
function needsFrame({ frame }: UnwindRow): boolean {
  return 'register' in frame && frame.register === RBP
}
