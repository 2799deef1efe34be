/**
 * The instructions of a function's body (core specification, section 5.4, with the threads proposal's 0xFE), and what
 * each takes from and puts on the operand stack. Vectors, exceptions and objects are not read: they make a body unreadable.
 */
import { ByteReader, UnreadableModule } from './byte-reader.ts'
import type { Signature, WasmFunction, WasmModule } from './wasm-module.ts'

export interface Instruction {
  /** Its offset in the module. */
  readonly at: number
  /** Of those with a prefix, prefix and number: 0xfe01. */
  readonly code: number
  /** Index, constant, depth of a branch, or the offset that a memory access adds to its address. */
  readonly value: number
  /** Which memory it accesses. */
  readonly memory: number
  readonly takes: number
  readonly puts: number
  /** For the branches of a table: all their depths. */
  readonly depths?: readonly number[]
}

export const opcode = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  i32Load: 0x28,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  notify: 0xfe00,
  wait32: 0xfe01,
  wait64: 0xfe02,
} as const

/** The instruction at an offset, when it is one that parks its thread. */
export function waitAt(
  bytes: Uint8Array,
  offset: number,
): 'memory.atomic.wait32' | 'memory.atomic.wait64' | undefined {
  if (bytes[offset] !== 0xfe) return undefined
  const number = new ByteReader(bytes, offset + 1).unsigned()
  return number === 1 ? 'memory.atomic.wait32' : number === 2 ? 'memory.atomic.wait64' : undefined
}

/** Undefined where the body has instructions that are not read. */
export function instructionsOf(
  module: WasmModule,
  { start, end }: WasmFunction,
): readonly Instruction[] | undefined {
  const reader = new ByteReader(module.bytes, start)
  const instructions: Instruction[] = []
  try {
    while (reader.at < end) instructions.push(read(reader, module))
  } catch (error) {
    if (error instanceof UnreadableModule) return undefined
    throw error
  }
  return instructions
}

function read(reader: ByteReader, module: WasmModule): Instruction {
  const { at } = reader
  const first = reader.byte()
  const code = first === 0xfc || first === 0xfe ? first * 256 + reader.unsigned() : first
  const make = (takes: number, puts: number, value = 0, memory = 0): Instruction => ({
    at,
    code,
    value,
    memory,
    takes,
    puts,
  })
  const access = (takes: number, puts: number) => {
    const [memory, offset] = memoryArgument(reader)
    return make(takes, puts, offset, memory)
  }
  const call = (signature: Signature | undefined, more: number, value: number) => {
    if (signature === undefined) throw new UnreadableModule('a call of an unknown type')
    return make(signature.parameters + more, signature.results, value)
  }
  switch (code) {
    case 0x00:
    case 0x01:
    case 0x05:
    case 0x0b:
    case 0x0f:
      return make(0, 0)
    case 0x02:
    case 0x03:
      return make(0, 0, resultsOf(Number(reader.signed()), module))
    case 0x04:
      return make(1, 0, resultsOf(Number(reader.signed()), module))
    case 0x0c:
      return make(0, 0, reader.unsigned())
    case 0x0d:
      return make(1, 0, reader.unsigned())
    case 0x0e: {
      const depths = reader.vector(() => reader.unsigned())
      return { ...make(1, 0), depths: [...depths, reader.unsigned()] }
    }
    case 0x10: {
      const index = reader.unsigned()
      return call(module.signatureOf(index), 0, index)
    }
    case 0x11: {
      const type = reader.unsigned()
      reader.unsigned()
      return call(module.types[type], 1, -1)
    }
    case 0x1a:
      return make(1, 0)
    case 0x1b:
      return make(3, 1)
    case 0x1c:
      reader.vector(() => reader.signed())
      return make(3, 1)
    case 0x20:
    case 0x23:
      return make(0, 1, reader.unsigned())
    case 0x21:
    case 0x24:
      return make(1, 0, reader.unsigned())
    case 0x22:
    case 0x25:
      return make(1, 1, reader.unsigned())
    case 0x26:
      return make(2, 0, reader.unsigned())
    case 0x3f:
      return make(0, 1, reader.unsigned())
    case 0x40:
      return make(1, 1, reader.unsigned())
    case 0x41:
    case 0x42:
      return make(0, 1, Number(reader.signed()))
    case 0x43:
      reader.at += 4
      return make(0, 1, Number.NaN)
    case 0x44:
      reader.at += 8
      return make(0, 1, Number.NaN)
    case 0xd0:
      reader.signed()
      return make(0, 1)
    case 0xd1:
      return make(1, 1)
    case 0xd2:
      return make(0, 1, reader.unsigned())
  }
  if (code >= 0x28 && code <= 0x35) return access(1, 1)
  if (code >= 0x36 && code <= 0x3e) return access(2, 0)
  if (code >= 0x45 && code <= 0xc4) return make(isUnary(code) ? 1 : 2, 1)
  if (code >= 0xfc00 && code <= 0xfc07) return make(1, 1)
  const bulk = bulkOperations[code]
  if (bulk !== undefined) {
    for (let index = 0; index < bulk.indices; index += 1) reader.unsigned()
    return make(bulk.takes, bulk.puts)
  }
  if (code === 0xfe03) {
    reader.byte()
    return make(0, 0)
  }
  if (code === opcode.notify) return access(2, 1)
  if (code === opcode.wait32 || code === opcode.wait64) return access(3, 1)
  if (code >= 0xfe10 && code <= 0xfe16) return access(1, 1)
  if (code >= 0xfe17 && code <= 0xfe1d) return access(2, 0)
  if (code >= 0xfe1e && code <= 0xfe47) return access(2, 1)
  if (code >= 0xfe48 && code <= 0xfe4e) return access(3, 1)
  throw new UnreadableModule(`instruction 0x${code.toString(16)}`)
}

/** Operations on whole memories and tables: how many indices follow, what they take and put. */
const bulkOperations: Readonly<Record<number, { indices: number; takes: number; puts: number }>> = {
  64520: { indices: 2, takes: 3, puts: 0 },
  64521: { indices: 1, takes: 0, puts: 0 },
  64522: { indices: 2, takes: 3, puts: 0 },
  64523: { indices: 1, takes: 3, puts: 0 },
  64524: { indices: 2, takes: 3, puts: 0 },
  64525: { indices: 1, takes: 0, puts: 0 },
  64526: { indices: 2, takes: 3, puts: 0 },
  64527: { indices: 1, takes: 2, puts: 1 },
  64528: { indices: 1, takes: 0, puts: 1 },
  64529: { indices: 1, takes: 3, puts: 0 },
}

/** Tests for zero, counts of bits, rounding, conversions, sign extensions. */
function isUnary(code: number): boolean {
  return (
    code === 0x45 ||
    code === 0x50 ||
    (code >= 0x67 && code <= 0x69) ||
    (code >= 0x79 && code <= 0x7b) ||
    (code >= 0x8b && code <= 0x91) ||
    (code >= 0x99 && code <= 0x9f) ||
    code >= 0xa7
  )
}

/** How many values a block of this type leaves; negative types are one value type, or none. */
function resultsOf(type: number, module: WasmModule): number {
  if (type < 0) return type === -64 ? 0 : 1
  const signature = module.types[type]
  // A block that takes values from the stack would need their places to be followed.
  if (signature === undefined || signature.parameters > 0)
    throw new UnreadableModule('a block with parameters')
  return signature.results
}

/** Alignment, with the memory's index where a bit of it says so, and offset. */
function memoryArgument(reader: ByteReader): [memory: number, offset: number] {
  const alignment = reader.unsigned()
  const memory = alignment & 0x40 ? reader.unsigned() : 0
  return [memory, reader.unsigned()]
}
