/**
 * The notes of a core file: what is told of the process beside its memory (elf(5); include/uapi/linux/elfcore.h and
 * fs/binfmt_elf.c of the kernel). Notes that do not fit are left out.
 */

/** The registers of one thread. */
export interface CoreThread {
  readonly tid: number
  /** The signals that it blocks; 0 as well where the writer (gcore) does not tell. */
  readonly blocked: bigint
  readonly pc: number
  readonly sp: number
  /** By their numbers in unwind tables (System V ABI for x86-64, figure 3.36). */
  readonly registers: ReadonlyMap<number, number>
  /** `orig_rax`, `rax` and the six arguments of a system call. */
  readonly call: {
    readonly number: number
    readonly result: number
    readonly arguments: readonly bigint[]
  }
}

/** A file that was mapped. */
export interface CoreMapping {
  readonly from: number
  readonly to: number
  readonly offset: number
  readonly path: string
}

export interface CoreNotes {
  /** The one first for which the core was written. */
  readonly threads: readonly CoreThread[]
  readonly mappings: readonly CoreMapping[]
  /** AT_* and their values (getauxval(3)). */
  readonly auxiliary: ReadonlyMap<number, number>
  /** The bytes of the same, as they stand on the stack. */
  readonly auxiliaryBytes: Buffer
  readonly process: CoreProcess | undefined
  /** The number of the signal that ended it; 0 for none. */
  readonly signal: number
}

export interface CoreProcess {
  readonly pid: number
  readonly uid: number
  /** At most 15 bytes. */
  readonly name: string
  /** The arguments, joined by spaces, cut after 79 bytes. */
  readonly command: string
}

const PRSTATUS = 1
const PRPSINFO = 3
const AUXV = 6
const FILE = 0x46494c45
const MOST_MAPPINGS = 100_000

/** Undefined only for bytes that are no notes at all. */
export function readNotes(bytes: Buffer): CoreNotes | undefined {
  const threads: CoreThread[] = []
  let mappings: readonly CoreMapping[] = []
  let auxiliaryBytes: Buffer = Buffer.alloc(0)
  let process: CoreProcess | undefined
  let signal = 0
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = bytes.readUInt32LE(at)
    const size = bytes.readUInt32LE(at + 4)
    const type = bytes.readUInt32LE(at + 8)
    const content = at + 12 + Math.ceil(nameSize / 4) * 4
    if (content + size > bytes.length) break
    const note = bytes.subarray(content, content + size)
    const isCore = bytes.toString('latin1', at + 12, at + 12 + nameSize).startsWith('CORE')
    if (isCore && type === PRSTATUS && size >= 112 + 27 * 8) {
      if (threads.length === 0) signal = note.readUInt16LE(12)
      threads.push(threadIn(note))
    } else if (isCore && type === PRPSINFO && size >= 136) process ??= processIn(note)
    else if (isCore && type === AUXV) auxiliaryBytes = note
    else if (isCore && type === FILE) mappings = mappingsIn(note)
    at = content + Math.ceil(size / 4) * 4
  }
  if (threads.length === 0) return undefined
  const auxiliary = new Map<number, number>()
  for (let at = 0; at + 16 <= auxiliaryBytes.length; at += 16)
    auxiliary.set(wordIn(auxiliaryBytes, at), wordIn(auxiliaryBytes, at + 8))
  return { threads, mappings, auxiliary, auxiliaryBytes, process, signal }
}

/** struct elf_prstatus; its registers are those of struct user_regs_struct. */
function threadIn(note: Buffer): CoreThread {
  const register = (index: number) => wordIn(note, 112 + index * 8)
  const exact = (index: number) => note.readBigUInt64LE(112 + index * 8)
  // r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss …
  return {
    tid: note.readInt32LE(32),
    blocked: note.readBigUInt64LE(24),
    pc: register(16),
    sp: register(19),
    registers: new Map([
      [3, register(5)],
      [6, register(4)],
      [12, register(3)],
      [13, register(2)],
      [14, register(1)],
      [15, register(0)],
    ]),
    call: {
      number: Number(BigInt.asIntN(64, exact(15))),
      result: Number(BigInt.asIntN(64, exact(10))),
      arguments: [14, 13, 12, 7, 9, 8].map(exact),
    },
  }
}

/** struct elf_prpsinfo. */
function processIn(note: Buffer): CoreProcess {
  const text = (from: number, to: number) => {
    const end = note.indexOf(0, from)
    return note.toString('utf8', from, end === -1 || end > to ? to : end)
  }
  return {
    uid: note.readUInt32LE(16),
    pid: note.readInt32LE(24),
    name: text(40, 56),
    command: text(56, 136).trim(),
  }
}

/** NT_FILE: the number of mappings, the page size, for each of them start, end and offset in pages, then all names. */
function mappingsIn(note: Buffer): readonly CoreMapping[] {
  if (note.length < 16) return []
  const [count, page] = [wordIn(note, 0), wordIn(note, 8)]
  if (count > MOST_MAPPINGS || 16 + count * 24 > note.length) return []
  const found: CoreMapping[] = []
  let name = 16 + count * 24
  for (let index = 0; index < count; index++) {
    const end = note.indexOf(0, name)
    if (end === -1) break
    const at = 16 + index * 24
    found.push({
      from: wordIn(note, at),
      to: wordIn(note, at + 8),
      offset: wordIn(note, at + 16) * page,
      path: note.toString('utf8', name, end),
    })
    name = end + 1
  }
  return found
}

function wordIn(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at + 4) * 2 ** 32 + buffer.readUInt32LE(at)
}
