/**
 * The JavaScript functions in one frame of V8's (src/execution/frame-constants.h): a frame of the interpreter or of
 * Sparkplug is one function; one of optimised code may be several, inlined into each other.
 */
import { bytecodeOffset, codeAt, inlinedFunctions } from './compiled-code.ts'
import type { Heap } from './heap.ts'
import { positionAt } from './position-table.ts'
import { functionName, functionRange, Script, scriptOf } from './scripts.ts'

export interface JavaScriptFrame {
  /** Empty for a function without a name. */
  readonly function: string
  /** Undefined for functions that may be there and are not known. */
  readonly script: Script | undefined
  /** Offset in the script's text of what is being executed; undefined where it cannot be told. */
  readonly offset: number | undefined
  /** Where the function begins in that text. */
  readonly start?: number
  /** Where its values are; absent for one that was inlined. */
  readonly slots?: FrameSlots
}

/** A frame of a function's own. */
export interface FrameSlots {
  readonly fp: number
  /** The function object. */
  readonly closure: number
  /** Its variables may be anywhere, or nowhere; what it was called with is there. */
  readonly optimised: boolean
}

/** The same of a function that is suspended: V8 keeps its values in an object. `context`, `receiver`, `parameters`: addresses. */
export interface SuspendedSlots {
  readonly closure: number
  readonly context: number
  readonly receiver: number
  /** Where the first of its declared parameters is. */
  readonly parameters: number
  readonly parameterCount: number
}

/** What a frame of V8's is. */
export type Reading =
  | { readonly kind: 'functions'; readonly frames: readonly JavaScriptFrame[]; readonly optimised?: boolean }
  /** No function of a script: an entry, an exit, an adaptor, a builtin. */
  | { readonly kind: 'other'; readonly name: string }
  /** What it holds is no frame of this V8, or a function of it cannot be told. */
  | { readonly kind: 'unreadable'; readonly why: string }

export interface FrameAddress {
  readonly fp: number
  /** In the instruction that is being executed. */
  readonly address: number
  readonly compiled: boolean
}

/** The name of the frame of a function that a module exports: between its caller and its own code. */
export const WASM_ENTRY = 'an entry into WebAssembly'

const unknownFunctions: JavaScriptFrame = { function: '(unknown)', script: undefined, offset: undefined }

export class JavaScriptFrames {
  readonly #heap: Heap
  readonly #scripts = new Map<number, Script>()
  readonly #wasmData: ReadonlySet<number>

  constructor(heap: Heap) {
    this.#heap = heap
    const isWasm = ([name]: readonly [string, number]) => /^WASM_\w*FUNCTION_DATA$/.test(name)
    this.#wasmData = new Set([...heap.layout.types].filter(isWasm).map(([, type]) => type))
  }

  read({ fp, address, compiled }: FrameAddress): Reading {
    const { frame, frameTypes } = this.#heap.layout
    const marker = this.#heap.memory.word(fp + frame.marker)
    if (marker === undefined) return { kind: 'unreadable', why: 'its frame lies outside of its memory' }
    if (marker % 2 === 0) {
      const name = frameTypes.get(marker / 2)
      return name === undefined
        ? { kind: 'unreadable', why: 'a frame is of no known type' }
        : { kind: 'other', name }
    }
    const closure = this.#heap.memory.word(fp + frame.function)
    if (!this.#heap.isFunction(closure)) return { kind: 'unreadable', why: 'a frame has no function' }
    const shared = this.#heap.pointer(closure, this.#heap.layout.field.functionShared)
    if (shared === undefined || !this.#heap.is(shared, 'SHARED_FUNCTION_INFO'))
      return { kind: 'unreadable', why: 'a function has no description' }
    const reading = compiled ? this.#compiled(fp, shared, address) : this.#interpreted(fp, shared)
    if (reading.kind !== 'functions') return reading
    const { frames, optimised } = reading
    const [outermost] = frames.slice(-1)
    const slots = { fp, closure, optimised: optimised === true }
    return { kind: 'functions', frames: [...frames.slice(0, -1), { ...outermost!, slots }] }
  }

  /** A function run by the interpreter; else a builtin in JavaScript's calling convention, such as `Array.prototype.map`. */
  #interpreted(fp: number, shared: number): Reading {
    const { frame, field } = this.#heap.layout
    // A builtin's slots may hold what an interpreted function left there.
    if (scriptOf(this.#heap, shared) === undefined) return { kind: 'other', name: 'builtin' }
    if (this.#isWasmExport(shared)) return { kind: 'other', name: WASM_ENTRY }
    const bytecodes = this.#heap.memory.word(fp + frame.bytecodes)
    if (bytecodes === undefined || !this.#heap.is(bytecodes, 'BYTECODE_ARRAY'))
      return { kind: 'unreadable', why: 'a function is in a state that is not known' }
    const current = this.#heap.smiAt(fp + frame.bytecodeOffset)
    return this.#oneFunction(
      shared,
      bytecodes,
      current === undefined ? undefined : current - (field.bytecodeData - 1),
    )
  }

  /** A function that a module exports has the module as its script, and no bytecode. */
  #isWasmExport(shared: number): boolean {
    return [8, 16].some(at => {
      const type = this.#heap.typeOf(this.#heap.pointer(shared, at))
      return type !== undefined && this.#wasmData.has(type)
    })
  }

  #compiled(fp: number, shared: number, address: number): Reading {
    const heap = this.#heap
    const code = codeAt(heap, address)
    if (code === undefined) return { kind: 'unreadable', why: 'the code of a function was not found' }
    if (code.kind === 'interpreter') return this.#interpreted(fp, shared)
    if (code.kind === 'baseline') {
      const bytecodes = heap.memory.word(fp + heap.layout.frame.bytecodes)
      if (bytecodes === undefined || !heap.is(bytecodes, 'BYTECODE_ARRAY'))
        return { kind: 'unreadable', why: 'a frame of Sparkplug has no bytecode' }
      return this.#oneFunction(shared, bytecodes, bytecodeOffset(heap, code, bytecodes, address))
    }
    if (code.kind === 'other')
      return { kind: 'other', name: this.#isWasmExport(shared) ? WASM_ENTRY : 'code of V8' }
    const functions = inlinedFunctions(heap, code, address)
    // The frame's own function is the outermost one of its code.
    if (functions?.at(-1)?.shared !== shared)
      return { kind: 'unreadable', why: 'the tables of an optimised function could not be read' }
    const frames = functions.map(({ shared, offset }) =>
      shared === undefined ? unknownFunctions : this.#frame(shared, offset),
    )
    return frames.every(frame => frame !== undefined)
      ? { kind: 'functions', frames, optimised: true }
      : { kind: 'unreadable', why: 'a function that was inlined could not be read' }
  }

  #oneFunction(shared: number, bytecodes: number, offset: number | undefined): Reading {
    const heap = this.#heap
    const table = heap.byteArray(heap.pointer(bytecodes, heap.layout.field.bytecodePositions))
    const position =
      table === undefined || offset === undefined || offset < 0
        ? undefined
        : positionAt(table, offset, heap.layout.positionTable)
    const frame = this.#frame(shared, position?.offset)
    return frame === undefined
      ? { kind: 'unreadable', why: 'a function has no script or no name' }
      : { kind: 'functions', frames: [frame] }
  }

  #frame(shared: number, offset: number | undefined): JavaScriptFrame | undefined {
    const object = scriptOf(this.#heap, shared)
    const name = functionName(this.#heap, shared)
    if (object === undefined || name === undefined) return undefined
    let script = this.#scripts.get(object)
    if (script === undefined) {
      script = new Script(this.#heap, object)
      this.#scripts.set(object, script)
    }
    const start = functionRange(this.#heap, shared)?.start
    return { function: name, script, offset, ...(start === undefined ? {} : { start }) }
  }
}
