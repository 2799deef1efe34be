/** The arguments of an `Atomics.wait` in progress, from the frame through which V8 left JavaScript for it. */
import type { Heap } from './heap.ts'
import { functionName, scriptOf } from './scripts.ts'

/** A 32-bit word that a thread sleeps on. */
export interface AwaitedWord {
  /** The same for all threads of the process that share it. */
  readonly address: number
  readonly expected: number
  /** What stands there now. */
  readonly value: number
  readonly timed: boolean
  /** Where the arguments of the call stand, in their order. */
  readonly given: readonly number[]
}

/**
 * `fp` is that of a BuiltinExitFrame (src/execution/frame-constants.h): above it stand new.target, the function, the number of all
 * that was pushed, up to V8 14.1 a padding word, the receiver and the arguments. Undefined for any other builtin, and for words of 64 bits.
 */
export function awaitedWord(heap: Heap, fp: number): AwaitedWord | undefined {
  const { memory, layout } = heap
  const target = memory.word(fp + 24)
  if (!heap.isFunction(target)) return undefined
  const shared = heap.pointer(target, layout.field.functionShared)
  if (shared === undefined || scriptOf(heap, shared) !== undefined || functionName(heap, shared) !== 'wait')
    return undefined
  const pushed = heap.smiAt(fp + 32)
  const type = layout.constant('type_JSTypedArray__')
  const external = layout.constant('class_JSTypedArray__external_pointer__')
  const onHeap = layout.constant('class_JSTypedArray__base_pointer__')
  if (pushed === undefined || type === undefined || external === undefined || onHeap === undefined)
    return undefined
  for (const [receiver, others] of [
    [fp + 40, 4],
    [fp + 48, 5],
  ] as const) {
    const array = memory.word(receiver + 8)
    const count = pushed - others
    if (array === undefined || count < 3 || count > 16 || heap.typeOf(array) !== type) continue
    const [index, expected] = [heap.smiAt(receiver + 16), heap.smiAt(receiver + 24)]
    const data = memory.word(array - 1 + external)
    // Memory that threads share lies outside of V8's heap.
    if (index === undefined || index < 0 || expected === undefined || heap.smi(array, onHeap) !== 0)
      return undefined
    const address = data === undefined ? undefined : data + index * 4
    const value = address === undefined || address % 4 !== 0 ? undefined : memory.int32(address)
    if (address === undefined || value === undefined) return undefined
    const given = Array.from({ length: count }, (_, at) => receiver + 8 + 8 * at)
    return { address, expected, value, timed: count >= 4 && isNumber(heap, receiver + 32), given }
  }
  return undefined
}

/** Without a time limit it is `undefined`, or Infinity. */
function isNumber(heap: Heap, at: number): boolean {
  if (heap.smiAt(at) !== undefined) return true
  const object = heap.memory.word(at)
  const field = heap.layout.constant('class_HeapNumber__value__')
  if (object === undefined || field === undefined || object % 2 === 0) return false
  const type = heap.layout.constant('type_HeapNumber__')
  if (type === undefined || heap.typeOf(object) !== type) return false
  const bytes = heap.memory.bytes(object - 1 + field, 8)
  return bytes !== undefined && Number.isFinite(bytes.readDoubleLE(0))
}
