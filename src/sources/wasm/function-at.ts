/** The function of a module at an offset, by name: V8 gives the frames of one that was inlined the name of the function around it. */
import { functionNames } from './function-names.ts'
import { WasmModule } from './wasm-module.ts'

interface Known {
  readonly module: WasmModule | undefined
  readonly names: ReadonlyMap<number, string>
}

const known = new WeakMap<Uint8Array, Known>()

/** `wasm-function[n]` for one without a name; undefined where the module is not read, or has no code there. */
export function wasmFunctionAt(bytes: Uint8Array, offset: number): string | undefined {
  const { module, names } = known.get(bytes) ?? {
    module: WasmModule.read(bytes),
    names: functionNames(bytes),
  }
  known.set(bytes, { module, names })
  const index = module?.functionAt(offset)?.index
  return index === undefined ? undefined : (names.get(index) ?? `wasm-function[${index}]`)
}
