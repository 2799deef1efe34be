/** Objects of V8's heap, read without running anything: types, small integers, strings, arrays. Garbage gives undefined. */
import type { Memory } from '../memory.ts'
import type { Layout } from './layout.ts'

/** Cons strings nest; what is deeper is not read. */
const DEEPEST = 4096
/** The bit of an external string's type for one whose characters may move (src/objects/instance-type.h). */
const UNCACHED = 0x10
const LONGEST_STRING = 8 * 2 ** 20

export class Heap {
  readonly layout: Layout
  readonly memory: Memory
  readonly #types = new Map<number, number | undefined>()
  readonly #uncompiled: ReadonlySet<number>

  constructor(memory: Memory, layout: Layout) {
    this.memory = memory
    this.layout = layout
    this.#uncompiled = new Set(
      [...layout.types].flatMap(([name, type]) => (name.startsWith('UNCOMPILED_DATA_') ? [type] : [])),
    )
  }

  /** The tagged pointer in a field of an object. */
  pointer(object: number, offset: number): number | undefined {
    const value = this.memory.word(object - 1 + offset)
    return value !== undefined && isPointer(value) ? value : undefined
  }

  /** The small integer in a field of an object. */
  smi(object: number, offset: number): number | undefined {
    return this.smiAt(object - 1 + offset)
  }

  smiAt(address: number): number | undefined {
    const bytes = this.memory.bytes(address, 8)
    return bytes === undefined || bytes.readUInt32LE(0) !== 0 ? undefined : bytes.readInt32LE(4)
  }

  uint32(object: number, offset: number): number | undefined {
    return this.memory.uint32(object - 1 + offset)
  }

  int32(object: number, offset: number): number | undefined {
    return this.memory.int32(object - 1 + offset)
  }

  /** The instance type of what a tagged word points to; undefined when it is no object. */
  typeOf(object: number | undefined): number | undefined {
    if (object === undefined || !isPointer(object)) return undefined
    const map = this.memory.word(object - 1 + this.layout.field.map)
    return map === undefined ? undefined : this.typeByMap(map)
  }

  /** The instance type of the objects that have this word as their map; undefined when it is no map. */
  typeByMap(map: number): number | undefined {
    if (!isPointer(map)) return undefined
    if (this.#types.has(map)) return this.#types.get(map)
    const { field, type } = this.layout
    const meta = this.memory.word(map - 1 + field.map)
    // A map's map is one, and the map of all maps its own.
    const metaMeta = meta === undefined || !isPointer(meta) ? undefined : meta
    const isMap = metaMeta !== undefined && this.memory.uint16(metaMeta - 1 + field.instanceType) === type.MAP
    const found = isMap ? this.memory.uint16(map - 1 + field.instanceType) : undefined
    this.#types.set(map, found)
    return found
  }

  is(
    object: number | undefined,
    ...names: readonly Exclude<keyof Layout['type'], 'JS_FUNCTION_LAST'>[]
  ): boolean {
    const type = this.typeOf(object)
    return type !== undefined && names.some(name => this.layout.type[name] === type)
  }

  isFunction(object: number | undefined): object is number {
    const type = this.typeOf(object)
    return (
      type !== undefined && type >= this.layout.type.JS_FUNCTION && type <= this.layout.type.JS_FUNCTION_LAST
    )
  }

  isString(object: number | undefined): object is number {
    const type = this.typeOf(object)
    return type !== undefined && type < this.layout.string.firstNonString
  }

  /** What stands for a function's code until it is compiled. */
  isUncompiled(object: number | undefined): object is number {
    const type = this.typeOf(object)
    return type !== undefined && this.#uncompiled.has(type)
  }

  /** The text of a string; undefined for what is none, or is damaged or very long. */
  text(object: number | undefined): string | undefined {
    let steps = 0
    const read = (string: number | undefined): string | undefined => {
      if (++steps > DEEPEST || !this.isString(string)) return undefined
      const { field, string: constant } = this.layout
      const type = this.typeOf(string)!
      const length = this.uint32(string, field.stringLength)
      if (length === undefined || length > LONGEST_STRING) return undefined
      if (length === 0) return ''
      const oneByte = (type & constant.encodingMask) === constant.oneByte
      switch (type & constant.representationMask) {
        case constant.sequential:
          return this.#characters(
            string - 1 + (oneByte ? field.oneByteChars : field.twoByteChars),
            length,
            oneByte,
          )
        case constant.external: {
          // V8 keeps the pointer to the characters beside the embedder's resource, unless the type forbids it.
          const kept = type & UNCACHED ? undefined : this.memory.word(string - 1 + field.externalResource + 8)
          const data =
            kept ?? this.#externalData(this.memory.word(string - 1 + field.externalResource), length)
          return data === undefined ? undefined : this.#characters(data, length, oneByte)
        }
        case constant.cons:
          return cons(string, field.consFirst, field.consSecond, length)
        case constant.sliced: {
          const parent = read(this.pointer(string, field.slicedParent))
          const from = this.smi(string, field.slicedOffset)
          return parent === undefined || from === undefined ? undefined : parent.slice(from, from + length)
        }
        case constant.thin:
          return read(this.pointer(string, field.thinActual))
        default:
          return undefined
      }
    }
    // The left side is the deep one: texts grow at their end.
    const cons = (string: number, first: number, second: number, length: number): string | undefined => {
      const parts: string[] = []
      let at: number | undefined = string
      while (at !== undefined && this.isCons(at)) {
        if (++steps > DEEPEST) return undefined
        const right = read(this.pointer(at, second))
        if (right === undefined) return undefined
        parts.push(right)
        at = this.pointer(at, first)
      }
      const left = read(at)
      if (left === undefined) return undefined
      const whole = left + parts.reverse().join('')
      return whole.length === length ? whole : undefined
    }
    return read(object)
  }

  isCons(object: number): boolean {
    const type = this.typeOf(object)
    const { string } = this.layout
    return (
      type !== undefined && type < string.firstNonString && (type & string.representationMask) === string.cons
    )
  }

  /** The bytes of a byte array. */
  byteArray(object: number | undefined): Buffer | undefined {
    if (object === undefined || !this.is(object, 'BYTE_ARRAY', 'TRUSTED_BYTE_ARRAY')) return undefined
    const { arrayLength, arrayData } = this.layout.field
    const length = this.smi(object, arrayLength)
    if (length === undefined || length < 0 || length > 4 * 2 ** 20) return undefined
    return this.memory.bytes(object - 1 + arrayData, length)
  }

  /** How many elements an array has; undefined for what is none. */
  arrayLength(object: number | undefined): number | undefined {
    const isArray = this.is(
      object,
      'FIXED_ARRAY',
      'TRUSTED_FIXED_ARRAY',
      'PROTECTED_FIXED_ARRAY',
      'WEAK_FIXED_ARRAY',
      'TRUSTED_WEAK_FIXED_ARRAY',
    )
    const length =
      object === undefined || !isArray ? undefined : this.smi(object, this.layout.field.arrayLength)
    return length === undefined || length < 0 || length > 2 ** 24 ? undefined : length
  }

  /** Where an element of an array is. */
  elementAt(array: number, index: number): number {
    return array - 1 + this.layout.field.arrayData + 8 * index
  }

  /**
   * The characters that an embedder's resource points to. Node's resources hold their pointer and then their length,
   * right behind the virtual table or, in later versions, behind one more word: the length tells which.
   */
  #externalData(resource: number | undefined, length: number): number | undefined {
    if (resource === undefined) return undefined
    const at = [8, 16].find(offset => this.memory.word(resource + offset + 8) === length)
    return at === undefined ? undefined : this.memory.word(resource + at)
  }

  #characters(address: number, length: number, oneByte: boolean): string | undefined {
    return oneByte
      ? this.memory.bytes(address, length)?.toString('latin1')
      : this.memory.bytes(address, length * 2)?.toString('utf16le')
  }
}

/** A strong pointer to an object: tagged, and an address. */
export function isPointer(word: number): boolean {
  return word % 4 === 1 && word > 4096 && word < 2 ** 47
}
