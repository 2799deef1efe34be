/** Code that V8 compiled at run time: the Code object that holds an address, and the source positions in it. */
import type { Heap } from './heap.ts'
import { decodePosition, positionAt } from './position-table.ts'

export interface CompiledCode {
  readonly object: number
  readonly start: number
  /** `interpreter`: a copy of its entry (`--interpreted-frames-native-stack`); `baseline`: Sparkplug's. */
  readonly kind: 'interpreter' | 'baseline' | 'maglev' | 'turbofan' | 'other'
}

/** One function in a physical frame of optimised code. */
export interface InlinedFunction {
  /** Undefined for whatever is inlined at a place that is not known. */
  readonly shared: number | undefined
  /** Offset in its script; undefined where the code does not tell. */
  readonly offset: number | undefined
}

/** How far back the head of the code that holds an address is looked for, bytes. */
const FARTHEST = 2 * 2 ** 20
const CHUNK = 4096
const MOST_INLINED = 64

/** The code that holds an address. */
export function codeAt(heap: Heap, address: number): CompiledCode | undefined {
  const { layout, memory } = heap
  const { field, type } = layout
  const inPlace = type.INSTRUCTION_STREAM === -1 // Before 11.x a Code holds its own instructions.
  const head = inPlace ? type.CODE : type.INSTRUCTION_STREAM
  if (head === -1) return undefined
  const last = Math.floor(address / 8) * 8
  for (let chunk = Math.floor(last / CHUNK) * CHUNK; chunk > last - FARTHEST; chunk -= CHUNK) {
    const bytes = memory.bytes(chunk, CHUNK)
    if (bytes === undefined) return undefined
    for (let at = Math.min(CHUNK - 8, last - chunk); at >= 0; at -= 8) {
      // A tagged address: the low bits, and the two highest bytes are 0.
      if ((bytes[at]! & 3) !== 1 || bytes[at + 6] !== 0 || bytes[at + 7] !== 0) continue
      const map = bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at)
      if (heap.typeByMap(map) !== head) continue
      const stream = chunk + at + 1
      const object = inPlace ? stream : heap.pointer(stream, field.streamCode)
      if (object === undefined || !heap.is(object, 'CODE')) continue
      const start = inPlace ? stream - 1 + field.codeStart : memory.word(object - 1 + field.codeStart)
      const size = heap.uint32(object, field.codeSize)
      if (start === undefined || size === undefined || address < start || address >= start + size) continue
      return { object, start, kind: kindOf(heap, object) }
    }
  }
  return undefined
}

function kindOf(heap: Heap, code: number): CompiledCode['kind'] {
  const { codeKindBaseline, codeKindMask, field } = heap.layout
  const kind = (heap.uint32(code, field.codeFlags) ?? 0) & codeKindMask
  if (kind < codeKindBaseline) return 'interpreter'
  if (kind === codeKindBaseline) return 'baseline'
  if (kind === codeKindBaseline + 1) return 'maglev'
  return kind === codeKindBaseline + 2 ? 'turbofan' : 'other'
}

/**
 * The bytecode that an address in Sparkplug's code stems from. Its table holds the length of the prologue and then that of each
 * bytecode's code (src/baseline/bytecode-offset-iterator.h).
 */
export function bytecodeOffset(
  heap: Heap,
  code: CompiledCode,
  bytecodes: number,
  address: number,
): number | undefined {
  const { field } = heap.layout
  const sizes = heap.layout.bytecodeSizes()
  const table = heap.byteArray(heap.pointer(code.object, field.codePositions))
  const length = heap.smi(bytecodes, field.arrayLength)
  if (sizes === undefined || table === undefined || length === undefined || length <= 0 || length > 2 ** 24)
    return undefined
  const body = heap.memory.bytes(bytecodes - 1 + field.bytecodeData, length)
  if (body === undefined) return undefined
  let at = 0
  const next = (): number => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = table[at++]
      if (byte === undefined) return Number.NaN
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  const target = address - code.start
  let compiled = next()
  if (target < compiled) return 0
  for (let offset = 0; offset < body.length; ) {
    compiled += next()
    if (Number.isNaN(compiled)) return undefined
    if (target < compiled) return offset
    const size = bytecodeSize(body, offset, sizes)
    if (size === undefined) return undefined
    offset += size
  }
  return undefined
}

/** With its prefix, which widens the operands: 0 and 2 twice, 1 and 3 four times. */
function bytecodeSize(
  body: Buffer,
  offset: number,
  sizes: readonly [Buffer, Buffer, Buffer],
): number | undefined {
  const first = body[offset]!
  if (first > 3) return sizes[0][first] || undefined
  const second = body[offset + 1]
  const size = second === undefined ? undefined : sizes[first % 2 === 0 ? 1 : 2][second]
  return size ? size + 1 : undefined
}

/** The functions in a frame of optimised code, innermost first; undefined when its tables cannot be read. */
export function inlinedFunctions(
  heap: Heap,
  code: CompiledCode,
  address: number,
): readonly InlinedFunction[] | undefined {
  const { field, deoptimization, positionTable } = heap.layout
  const data = heap.pointer(code.object, field.codeDeoptimization)
  const length = heap.arrayLength(data)
  const table = heap.byteArray(heap.pointer(code.object, field.codePositions))
  if (data === undefined || length === undefined || table === undefined) return undefined
  if (length <= deoptimization.positions + 1) return undefined
  const element = (index: number) => heap.memory.word(heap.elementAt(data, index))
  const outer = unwrapped(heap, element(deoptimization.function))
  const literals = element(deoptimization.literals)
  const positions = element(deoptimization.positions)
  const count = heap.smiAt(heap.elementAt(data, deoptimization.count)) ?? 0
  if (outer === undefined) return undefined
  // When V8 gives up code that is on a stack, it replaces the return address by that of an exit behind the code proper
  // (Deoptimizer::DeoptimizeMarkedCode): where it was called from is no longer told by it.
  const exits = heap.smiAt(heap.elementAt(data, deoptimization.positions + 1))
  if (exits === undefined || exits < 0) return undefined
  if (exits > 0 && address + 1 - code.start > exits) {
    const whole = { shared: outer, offset: undefined }
    return count === 0 ? [whole] : [{ shared: undefined, offset: undefined }, whole]
  }
  let at = positionAt(table, address - code.start, positionTable)
  const found: InlinedFunction[] = []
  while (at !== undefined && at.inlined > 0) {
    const entry = heap.byteArray(positions)?.subarray((at.inlined - 1) * 16, at.inlined * 16)
    if (entry === undefined || entry.length < 16 || found.length >= MOST_INLINED) return undefined
    const id = entry.readInt32LE(8)
    if (id >= count) return undefined
    // A function id of -1 is the outer function itself, inlined into itself.
    const shared = id < 0 ? outer : literal(heap, literals, id)
    if (shared === undefined) return undefined
    found.push({ shared, offset: at.offset })
    at = decodePosition(entry.readUInt32LE(4) * 2 ** 32 + entry.readUInt32LE(0))
  }
  const all = [...found, { shared: outer, offset: at?.offset }]
  // Maglev peels loops, and has the positions of the loop's head for the calls in the turn that it peeled off (13.6, 14.6).
  return code.kind === 'maglev' ? all.map(({ shared }) => ({ shared, offset: undefined })) : all
}

function literal(heap: Heap, literals: number | undefined, index: number): number | undefined {
  const length = heap.arrayLength(literals)
  if (literals === undefined || length === undefined || index >= length) return undefined
  const word = heap.memory.word(heap.elementAt(literals, index))
  // It may be held weakly, which the second bit tells.
  return word === undefined ? undefined : unwrapped(heap, word - (word % 4) + 1)
}

function unwrapped(heap: Heap, object: number | undefined): number | undefined {
  if (heap.is(object, 'SHARED_FUNCTION_INFO')) return object
  if (object === undefined || !heap.is(object, 'SHARED_FUNCTION_INFO_WRAPPER')) return undefined
  const inner = heap.pointer(object, heap.layout.field.wrappedShared)
  return heap.is(inner, 'SHARED_FUNCTION_INFO') ? inner : undefined
}
