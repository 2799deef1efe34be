/** An instance of a WebAssembly module, to which each of its frames refers (src/wasm/wasm-objects.tq): its memories, its module. */

import { ArrayMemory, type Buffer } from '../v8/array-memory.ts'
import type { Heap } from '../v8/heap.ts'
import { SeenValues } from '../v8/seen-values.ts'
import { NativeModule } from './native-module.ts'

/** More than any instance has, words. */
const FIELDS = 64
const MOST_MEMORIES = 100

export class WasmInstance {
  /** In the order of their indices; empty where one of them could not be read. */
  readonly memories: readonly Buffer[]
  /** `wasm://wasm/d933f362`. */
  readonly url: string | undefined
  readonly module: NativeModule | undefined

  /** `object`: what a frame of wasm has as its instance. Undefined where it is none. */
  static of(heap: Heap, object: number | undefined): WasmInstance | undefined {
    if (object === undefined || heap.typeOf(object) === undefined) return undefined
    const found = new WasmInstance(heap, object)
    return found.module === undefined ? undefined : found
  }

  private constructor(heap: Heap, object: number) {
    const { types } = heap.layout
    const ofType = (objects: readonly number[], name: string) => {
      const type = types.get(name)
      return type === undefined ? [] : objects.filter(one => heap.typeOf(one) === type)
    }
    const own = fieldsOf(heap, object)
    // From Node 22 on frames have the instance's trusted part, which refers to the rest.
    const instances = ofType(own, 'WASM_INSTANCE_OBJECT').flatMap(one => fieldsOf(heap, one))
    const modules = ofType([...own, ...instances], 'WASM_MODULE_OBJECT')
    const parts = modules.flatMap(one => fieldsOf(heap, one))
    this.memories = memoriesIn(heap, own)
    this.url = ofType(parts, 'SCRIPT')
      .map(script => heap.text(heap.pointer(script, heap.layout.field.scriptName)))
      .find(name => name !== undefined)
    this.module = managed(heap, [...parts, ...own])
  }
}

/** The objects that the fields of an object refer to, up to the next object. */
function fieldsOf(heap: Heap, object: number): readonly number[] {
  const found: number[] = []
  for (let at = 1; at < FIELDS; at++) {
    const one = heap.pointer(object, 8 * at)
    if (one === undefined) continue
    if (heap.is(one, 'MAP')) break
    if (heap.typeOf(one) !== undefined) found.push(one)
  }
  return found
}

/** Up to Node 20 one memory, then a list of them. */
function memoriesIn(heap: Heap, fields: readonly number[]): readonly Buffer[] {
  const type = heap.layout.types.get('WASM_MEMORY_OBJECT')
  const isMemory = (one: number | undefined) => type !== undefined && heap.typeOf(one) === type
  for (const field of fields) {
    if (isMemory(field)) return buffersOf(heap, [field])
    const length = heap.arrayLength(field) ?? 0
    if (length === 0 || length > MOST_MEMORIES) continue
    const items = Array.from({ length }, (_, at) => heap.memory.word(heap.elementAt(field, at)))
    if (items.every(isMemory)) return buffersOf(heap, items as number[])
  }
  return []
}

function buffersOf(heap: Heap, memories: readonly number[]): readonly Buffer[] {
  const arrays = new ArrayMemory(new SeenValues(heap))
  const found = memories.map(memory => {
    const fields = fieldsOf(heap, memory)
    const buffers = fields.map(one => arrays.buffer(one))
    return buffers.find(one => one !== undefined) ?? storeIn(heap, fields)
  })
  return found.includes(undefined) ? [] : (found as Buffer[])
}

/**
 * The store of a memory whose buffer nobody has asked for: from V8 14 on that is made only then. Only memory that is shared can be waited on
 * (src/objects/backing-store.h: start, length, greatest length, capacity, number).
 */
function storeIn(heap: Heap, fields: readonly number[]): Buffer | undefined {
  for (const field of fields) {
    const store = ownedBy(heap, field)
    if (store === undefined) continue
    const [address, bytes, most, capacity] = [0, 8, 16, 24].map(at => heap.memory.word(store + at))
    const isStore =
      address !== undefined && address % 65536 === 0 && heap.memory.bytes(address, 8) !== undefined
    if (!isStore || bytes === undefined || bytes === 0 || bytes % 65536 !== 0) continue
    if (most === undefined || capacity === undefined || bytes > most || most > capacity) continue
    return { address, bytes, shared: true, id: heap.memory.uint32(store + 32) }
  }
  return undefined
}

function managed(heap: Heap, fields: readonly number[]): NativeModule | undefined {
  for (const field of fields) {
    const owned = ownedBy(heap, field)
    const module = owned === undefined ? undefined : NativeModule.at(heap, owned)
    if (module !== undefined) return module
  }
  return undefined
}

/** What a Managed object owns: it points to what destroys it, that to a shared pointer (src/objects/managed.h). */
function ownedBy({ memory }: Heap, managed: number): number | undefined {
  const destructor = memory.word(managed - 1 + 8)
  if (destructor === undefined || destructor < 4096 || destructor % 8 !== 0) return undefined
  const shared = memory.word(destructor + 24)
  return shared === undefined || shared < 4096 || shared % 8 !== 0 ? undefined : memory.word(shared)
}
