/** What the objects of each instance type look like: how long they are, and whether they hold pointers. */
import type { Layout } from '../../memory/v8/layout.ts'

/** Kept in five bits of the flags of a map; 0 is no map. */
export const shape = {
  map: 1,
  /** As long as its map says. */
  fixed: 2,
  /** The same, but for what is no pointer: numbers, addresses. */
  raw: 3,
  /** A JavaScript object; the ones below are such too. */
  object: 4,
  function: 5,
  boundFunction: 6,
  promise: 7,
  asyncFunction: 8,
  asyncGenerator: 9,
  generator: 10,
  context: 11,
  array: 12,
  mapObject: 13,
  setObject: 14,
  /** With a length in elements behind the map. */
  fixedArray: 15,
  /** With a capacity behind the map, and then a length. */
  arrayList: 16,
  propertyArray: 17,
  byteArray: 18,
  doubleArray: 19,
  oneByteString: 20,
  twoByteString: 21,
  descriptors: 22,
  free: 23,
  reaction: 24,
  capability: 25,
  /** A job in the queue of microtasks. */
  job: 26,
  module: 27,
  cell: 28,
  propertyCell: 29,
  /** Of a length that is not known. */
  variable: 30,
} as const

export type Shape = (typeof shape)[keyof typeof shape]

export function isObjectShape(code: number): boolean {
  return code >= shape.object && code <= shape.setObject && code !== shape.context
}

/** The shape for each instance type. */
export class Shapes {
  readonly #codes: Uint8Array
  readonly #variable: Uint8Array

  constructor({ types, type, string, constants }: Layout) {
    this.#codes = new Uint8Array(65536).fill(shape.fixed)
    this.#variable = new Uint8Array(65536).fill(shape.variable)
    const both = (code: number, ...names: string[]) => {
      for (const name of names) {
        const at = types.get(name)
        if (at === undefined) continue
        this.#codes[at] = code
        this.#variable[at] = code
      }
    }
    for (let at = 0; at < string.firstNonString; at++) {
      if ((at & string.representationMask) !== string.sequential) continue
      const code = (at & string.encodingMask) === string.oneByte ? shape.oneByteString : shape.twoByteString
      this.#codes[at] = code
      this.#variable[at] = code
    }
    // V8 names few of the many arrays (hash tables and the like), whose types stand together.
    const fixed = types.get('FIXED_ARRAY') ?? -1
    const behind = types.get('BYTE_ARRAY') ?? -1
    for (let at = fixed; at >= 0 && at < behind; at++) this.#codes[at] = this.#variable[at] = shape.fixedArray
    both(
      shape.fixedArray,
      'TRUSTED_FIXED_ARRAY',
      'PROTECTED_FIXED_ARRAY',
      'WEAK_FIXED_ARRAY',
      'TRUSTED_WEAK_FIXED_ARRAY',
    )
    both(shape.fixedArray, 'PROTECTED_WEAK_FIXED_ARRAY', 'CLOSURE_FEEDBACK_CELL_ARRAY')
    both(shape.arrayList, 'WEAK_ARRAY_LIST', 'ARRAY_LIST', 'SCRIPT_CONTEXT_TABLE')
    const contexts = constants.get('FirstContextType') ?? -1
    for (let at = contexts; at >= 0 && at <= constants.get('LastContextType')!; at++)
      this.#codes[at] = this.#variable[at] = shape.context
    both(shape.map, 'MAP')
    both(shape.byteArray, 'BYTE_ARRAY', 'TRUSTED_BYTE_ARRAY')
    both(shape.doubleArray, 'FIXED_DOUBLE_ARRAY')
    both(shape.propertyArray, 'PROPERTY_ARRAY')
    both(shape.descriptors, 'DESCRIPTOR_ARRAY', 'STRONG_DESCRIPTOR_ARRAY')
    both(shape.free, 'FREE_SPACE')
    both(shape.raw, 'HEAP_NUMBER', 'FOREIGN')
    both(shape.reaction, 'PROMISE_REACTION')
    both(shape.capability, 'PROMISE_CAPABILITY')
    both(shape.job, 'PROMISE_FULFILL_REACTION_JOB_TASK', 'PROMISE_REJECT_REACTION_JOB_TASK')
    both(shape.job, 'PROMISE_RESOLVE_THENABLE_JOB_TASK', 'CALLABLE_TASK', 'CALLBACK_TASK')
    both(shape.module, 'SOURCE_TEXT_MODULE')
    both(shape.cell, 'CELL', 'CONTEXT_CELL', 'CONTEXT_SIDE_PROPERTY_CELL')
    both(shape.propertyCell, 'PROPERTY_CELL')
    const firstObject = types.get('JS_PROXY') ?? 65536
    this.#codes.fill(shape.object, firstObject)
    this.#variable.fill(shape.object, firstObject)
    for (let at = type.JS_FUNCTION; at <= type.JS_FUNCTION_LAST; at++) this.#codes[at] = shape.function
    both(shape.boundFunction, 'JS_BOUND_FUNCTION')
    both(shape.promise, 'JS_PROMISE')
    both(shape.asyncFunction, 'JS_ASYNC_FUNCTION_OBJECT')
    both(shape.asyncGenerator, 'JS_ASYNC_GENERATOR_OBJECT')
    both(shape.array, 'JS_ARRAY')
    both(shape.mapObject, 'JS_MAP')
    both(shape.setObject, 'JS_SET')
    // It has no name of its own, and stands before its two subtypes (src/objects/instance-type.h).
    const generator = (types.get('JS_ASYNC_FUNCTION_OBJECT') ?? 0) - 1
    if (generator > 0) this.#codes[generator] = shape.generator
  }

  /** `size`: what the map says, in words; 0 where each object has its own. */
  of(type: number, size: number): number {
    return (size === 0 ? this.#variable : this.#codes)[type]!
  }
}
