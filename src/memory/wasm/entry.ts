/**
 * Where the arguments stand of a call from JavaScript into WebAssembly: above the frame of what was called, as for any function. That is the entry's
 * own frame where V8 has compiled one for the signature, and up to Node 20; else the builtin's around it, which counts what it was given.
 */
import type { Heap } from '../v8/heap.ts'
import { WASM_ENTRY } from '../v8/javascript-frames.ts'

const MOST_ARGUMENTS = 64
const [ARGUMENTS, COUNT] = [24, -24]
/** The first V8 with a builtin around the entry, of those that were measured. */
const SPLIT = 1204

export class WasmEntry {
  readonly #heap: Heap
  #isOpen = false

  constructor(heap: Heap) {
    this.#heap = heap
  }

  /** Told of each frame that is none of a function, innermost first: the addresses of the arguments, at the frame that has them. */
  passed(fp: number, name: string, compiled: boolean): readonly number[] | undefined {
    const { layout, memory } = this.#heap
    const isEntry = name === 'JsToWasmFrame'
    const isWrapper = compiled && name === WASM_ENTRY
    const [wasOpen, own] = [this.#isOpen, isWrapper || (isEntry && (compiled || layout.version < SPLIT))]
    this.#isOpen = isEntry && !own
    if (!own && !wasOpen) return undefined
    // Those that are declared and were not given are pushed as undefined: nobody asks for more.
    const count = own ? MOST_ARGUMENTS : (memory.word(fp + COUNT) ?? 0) - 1
    return count >= 0 && count <= MOST_ARGUMENTS
      ? Array.from({ length: count }, (_, at) => fp + ARGUMENTS + 8 * at)
      : undefined
  }
}
