/** The functions in frames of WebAssembly: by name, with the place in their module. */
import { functionNames } from '../../sources/wasm/function-names.ts'
import { WasmModule } from '../../sources/wasm/wasm-module.ts'
import type { Heap } from '../v8/heap.ts'
import { WasmInstance } from './instance.ts'
import type { NativeModule, WasmCode } from './native-module.ts'

export interface WasmFunctionFrame {
  /** By the name section; `wasm-function[n]` without. */
  readonly function: string
  /** Undefined where the frame's module could not be read. */
  readonly instance: WasmInstance | undefined
  /** Of the instruction in progress, from the beginning of the module; undefined where it is not told. */
  readonly offset: number | undefined
}

interface KnownModule {
  readonly module: WasmModule | undefined
  readonly names: ReadonlyMap<number, string>
}

const INSTANCE = -16

export class WasmFrames {
  readonly #heap: Heap
  readonly #instances = new Map<number, WasmInstance | undefined>()
  readonly #modules = new Map<NativeModule, KnownModule>()

  constructor(heap: Heap) {
    this.#heap = heap
  }

  /** `address`: in the instruction that is being executed. The innermost first, where functions were inlined. */
  read(fp: number, address: number): readonly [WasmFunctionFrame, ...WasmFunctionFrame[]] {
    const instance = this.instanceOf(fp)
    const [first, ...outer] = (instance?.module?.codeAt(address) ?? []).map(code =>
      this.#named(instance!, code),
    )
    return first === undefined
      ? [{ function: 'wasm-function', instance: undefined, offset: undefined }]
      : [first, ...outer]
  }

  #named(instance: WasmInstance, code: WasmCode): WasmFunctionFrame {
    const { module, names } = this.#known(instance.module!)
    const body = module?.functionOf(code.index)
    const offset = body === undefined || code.offset === undefined ? undefined : body.from + code.offset
    return {
      function: names.get(code.index) ?? `wasm-function[${code.index}]`,
      instance,
      offset: offset !== undefined && offset < body!.end ? offset : undefined,
    }
  }

  /** Undefined for a frame that only looks like one. */
  instanceOf(fp: number): WasmInstance | undefined {
    const object = this.#heap.memory.word(fp + INSTANCE)
    if (object === undefined) return undefined
    if (!this.#instances.has(object)) this.#instances.set(object, WasmInstance.of(this.#heap, object))
    return this.#instances.get(object)
  }

  #known(native: NativeModule): KnownModule {
    const known = this.#modules.get(native) ?? {
      module: WasmModule.read(native.bytes),
      names: functionNames(native.bytes),
    }
    this.#modules.set(native, known)
    return known
  }
}
