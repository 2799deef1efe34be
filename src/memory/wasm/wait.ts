/**
 * What a thread in `memory.atomic.wait32` or `wait64` sleeps on. The instruction is a call of a function of V8's (`Runtime_WasmI32AtomicWait`,
 * src/runtime/runtime-wasm.cc), whose arguments lie on the stack: the instance, from V8 12 on the memory's index, the address in it, the value
 * that is expected, the time limit.
 */
import type { Heap } from '../v8/heap.ts'

export interface WasmWord {
  /** The same for all threads of the process. */
  readonly address: number
  /** Its offset in the module's memory. */
  readonly byte: number
  /** What stands there now. */
  readonly value: number
  /** Which of the instance's memories. */
  readonly memory: number
}

/** `exit`: the frame pointer of V8's exit frame inside of the wasm frame at `fp`. `memories`: where the instance's memories begin, and how long they are. */
export function awaitedWasmWord(
  heap: Heap,
  exit: number,
  fp: number,
  memories: readonly { readonly address: number; readonly bytes: number }[],
): WasmWord | undefined {
  const instance = heap.memory.word(fp - 16)
  const byte = numberAt(heap, exit + 32)
  if (instance === undefined || byte === undefined || byte < 0 || byte % 4 !== 0) return undefined
  // The last argument comes first.
  const single = heap.memory.word(exit + 40) === instance
  const memory = single ? 0 : heap.smiAt(exit + 40)
  if (!single && heap.memory.word(exit + 48) !== instance) return undefined
  const within = memory === undefined ? undefined : memories[memory]
  if (memory === undefined || within === undefined || byte + 4 > within.bytes) return undefined
  const address = within.address + byte
  const value = heap.memory.int32(address)
  return value === undefined ? undefined : { address, byte, value, memory }
}

/** A small integer, or a number that is an object. */
function numberAt(heap: Heap, address: number): number | undefined {
  const small = heap.smiAt(address)
  if (small !== undefined) return small
  const object = heap.memory.word(address)
  if (object === undefined || heap.typeOf(object) !== heap.layout.types.get('HEAP_NUMBER')) return undefined
  const value = heap.memory.bytes(object - 1 + 8, 8)?.readDoubleLE(0)
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined
}
