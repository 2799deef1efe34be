/**
 * A WebAssembly module as its bytes tell it: the functions with their places in the module, which is what V8 counts
 * the columns of wasm frames in (core specification, section 5.5; the name section is its appendix).
 */
import { ByteReader, UnreadableModule } from './byte-reader.ts'

export interface Signature {
  readonly parameters: number
  readonly results: number
}

/** The code of one function; offsets are those in the module. */
export interface WasmFunction {
  /** In the index space of functions, in which imported ones come first. */
  readonly index: number
  /** Where its body begins, with the declarations of its locals: V8 counts places in it from here. */
  readonly from: number
  /** Where its instructions begin, behind the declarations of its locals. */
  readonly start: number
  readonly end: number
}

export class WasmModule {
  readonly bytes: Uint8Array
  readonly types: (Signature | undefined)[] = []
  readonly functions: WasmFunction[] = []
  /** Constant globals, by index. */
  readonly constants = new Map<number, number>()
  /** So many functions are imported: calls of them leave the module. */
  importedFunctions = 0
  readonly #typeIndices: number[] = []
  #importedGlobals = 0

  /** Undefined for bytes that are no module, or use what is not read here. */
  static read(bytes: Uint8Array): WasmModule | undefined {
    try {
      return new WasmModule(bytes)
    } catch (error) {
      if (error instanceof UnreadableModule) return undefined
      throw error
    }
  }

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes
    const reader = new ByteReader(bytes, 8)
    if (Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== '\0asm\x01\0\0\0')
      throw new UnreadableModule('no module of version 1')
    while (reader.at < bytes.length) {
      const id = reader.byte()
      const length = reader.unsigned()
      const end = reader.at + length
      this.#section(id, reader)
      reader.at = end
    }
  }

  /** The function whose code an offset lies in. */
  functionAt(offset: number): WasmFunction | undefined {
    return this.functions.find(({ start, end }) => start <= offset && offset < end)
  }

  /** Undefined for one that is imported. */
  functionOf(index: number): WasmFunction | undefined {
    return this.functions[index - this.importedFunctions]
  }

  signatureOf(index: number): Signature | undefined {
    return this.types[this.#typeIndices[index] ?? -1]
  }

  #section(id: number, reader: ByteReader): void {
    switch (id) {
      case 1:
        reader.vector(() => this.types.push(readType(reader)))
        break
      case 2:
        reader.vector(() => this.#import(reader))
        break
      case 3:
        this.#typeIndices.push(...reader.vector(() => reader.unsigned()))
        break
      case 6:
        reader.vector(index => this.#global(index + this.#importedGlobals, reader))
        break
      case 10:
        reader.vector(index => this.functions.push(readCode(index + this.importedFunctions, reader)))
    }
  }

  #import(reader: ByteReader): void {
    reader.name()
    reader.name()
    switch (reader.byte()) {
      case 0:
        this.#typeIndices.push(reader.unsigned())
        this.importedFunctions += 1
        break
      case 1:
        readValueType(reader)
        readLimits(reader)
        break
      case 2:
        readLimits(reader)
        break
      case 3:
        readValueType(reader)
        reader.byte()
        this.#importedGlobals += 1
        break
      default:
        throw new UnreadableModule('an import of an unknown kind')
    }
  }

  /** `(global i32 (i32.const …))`; only such as never change are of use. */
  #global(index: number, reader: ByteReader): void {
    readValueType(reader)
    const changes = reader.byte() === 1
    const opcode = reader.byte()
    if (opcode === 0x41 || opcode === 0x42) {
      const value = Number(reader.signed())
      if (!changes) this.constants.set(index, value)
    } else if (opcode === 0x23 || opcode === 0xd2) reader.unsigned()
    else if (opcode === 0xd0) reader.signed()
    else if (opcode === 0x43) reader.at += 4
    else if (opcode === 0x44) reader.at += 8
    else throw new UnreadableModule('a global with an initialiser that is not read')
    if (reader.byte() !== 0x0b) throw new UnreadableModule('a global with an initialiser that is not read')
  }
}

/** A function's type; types of garbage collected objects are not read, and nothing behind them. */
function readType(reader: ByteReader): Signature {
  if (reader.byte() !== 0x60) throw new UnreadableModule('a type that is none of a function')
  const parameters = reader.vector(() => readValueType(reader)).length
  return { parameters, results: reader.vector(() => readValueType(reader)).length }
}

function readValueType(reader: ByteReader): void {
  // `(ref …)` and `(ref null …)` name what they refer to.
  if ([0x63, 0x64].includes(reader.byte())) reader.signed()
}

function readLimits(reader: ByteReader): void {
  const flags = reader.byte()
  reader.unsigned()
  if (flags & 1) reader.unsigned()
}

function readCode(index: number, reader: ByteReader): WasmFunction {
  const length = reader.unsigned()
  const from = reader.at
  const end = from + length
  reader.vector(() => {
    reader.unsigned()
    readValueType(reader)
  })
  const start = reader.at
  reader.at = end
  return { index, from, start, end }
}
