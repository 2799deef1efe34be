/** Walks V8's heap object by object: where each begins, which are maps, and which are suspended functions or promises. */
import type { Layout } from '../../memory/v8/layout.ts'
import type { Arena } from './arena.ts'
import { IntegerList } from './integer-list.ts'
import { type Shapes, shape } from './shapes.ts'

/** Bits of an object's first word in `Walk.flags`. The five lowest bits are a map's shape code. */
export const flag = { shape: 31, start: 32, live: 64, pending: 128 } as const

export interface Walk {
  /** For each word of the arena. */
  readonly flags: Uint8Array
  /** Generator objects of all three kinds, in whatever state. */
  readonly generators: Int32Array
  readonly promises: Int32Array
  readonly functions: Int32Array
  /** The contexts that hold the builtin objects: one for each global object. */
  readonly nativeContexts: Int32Array
  readonly maps: Int32Array
}

/** Where in a map the length of its objects stands, bytes (src/objects/map.tq). */
const INSTANCE_SIZE = 8

/** `selves`: words that point to themselves. Undefined when there is nothing in it that looks like a map, or nothing that has one. */
export function walk(arena: Arena, selves: Int32Array, layout: Layout, shapes: Shapes): Walk | undefined {
  const flags = new Uint8Array(arena.words)
  const maps = classifyMaps(arena, layout, shapes, flags, selves)
  if (maps.length === 0) return undefined
  const noted = new IntegerList()
  const sizes = new Sizes(arena, layout)
  for (const { first, end } of arena.chunks) walkChunk(arena, flags, sizes, first, end, noted)
  return { flags, maps, ...sorted(arena, layout, flags, noted.values()) }
}

/** Finds the beginnings of a chunk's objects; those that are of interest by their kind are noted. */
function walkChunk(
  { pointers, bytes }: Arena,
  flags: Uint8Array,
  sizes: Sizes,
  first: number,
  end: number,
  noted: IntegerList,
): void {
  let word = first
  while (word < end) {
    const map = pointers[word]!
    const code = flags[map]! & flag.shape // Of word 0, which is no map, for what is no pointer.
    if (code === 0) {
      word++
      continue
    }
    // Most are as long as their map says.
    const told = bytes[map * 8 + INSTANCE_SIZE]!
    const size = told !== 0 && word + told <= end ? told : sizes.of(word, map, code, end)
    if (code !== shape.free && size >= 0) {
      flags[word]! |= flag.start
      if (code >= shape.function && code <= shape.context) noted.push(word)
    }
    // What is of unknown length, or no object after all: on to the next one.
    word += size > 0 ? size : 1
  }
}

function sorted(
  arena: Arena,
  layout: Layout,
  flags: Uint8Array,
  noted: Int32Array,
): Pick<Walk, 'functions' | 'promises' | 'generators' | 'nativeContexts'> {
  const native = nativeContextType(layout)
  const codes = noted.map(word => flags[arena.pointers[word]!]! & flag.shape)
  const of = (from: number, to: number) =>
    noted.filter((_, index) => codes[index]! >= from && codes[index]! <= to)
  return {
    functions: of(shape.function, shape.function),
    promises: of(shape.promise, shape.promise),
    generators: of(shape.asyncFunction, shape.generator),
    nativeContexts: of(shape.context, shape.context).filter(
      word => arena.bytes.readUInt16LE(arena.pointers[word]! * 8 + layout.field.instanceType) === native,
    ),
  }
}

/** The types of contexts stand in the alphabetical order of their names (src/objects/instance-type.h). */
function nativeContextType({ constants }: Layout): number {
  return (constants.get('FirstContextType') ?? -8) + 7
}

/** Marks all maps with the shape of their objects. */
function classifyMaps(
  arena: Arena,
  layout: Layout,
  shapes: Shapes,
  flags: Uint8Array,
  selves: Int32Array,
): Int32Array {
  const { bytes } = arena
  const typeOf = (map: number) => bytes.readUInt16LE(map * 8 + layout.field.instanceType)
  const metas = selves.filter(word => typeOf(word) === layout.type.MAP)
  const maps = new IntegerList()
  // All of a context's maps have that context's map of maps, of which there are few.
  for (const word of referencesTo(arena, metas)) {
    if (word + MAP > arena.chunkOf(word).end) continue
    flags[word]! |= shapes.of(typeOf(word), bytes[word * 8 + INSTANCE_SIZE]!)
    maps.push(word)
  }
  return maps.values()
}

/** No map is shorter, words. */
const MAP = 9

/** Words that point to one of some objects. */
export function referencesTo(arena: Arena, objects: Int32Array): Int32Array {
  return objects.length <= 3 ? referencesToFew(arena, objects) : referencesToMany(arena, objects)
}

function referencesToFew({ pointers, chunks }: Arena, objects: Int32Array): Int32Array {
  const found = new IntegerList()
  if (objects.length === 0) return found.values()
  const one = objects[0]!
  const two = objects[1] ?? one
  const three = objects[2] ?? one
  for (const chunk of chunks) {
    const { end } = chunk
    for (let word = chunk.first; word < end; word++) {
      const target = pointers[word]!
      if (target === one || target === two || target === three) found.push(word)
    }
  }
  return found.values()
}

function referencesToMany({ pointers, chunks, words }: Arena, objects: Int32Array): Int32Array {
  const found = new IntegerList()
  const wanted = new Uint8Array(words)
  for (const object of objects) wanted[object] = 1
  for (const { first, end } of chunks)
    for (let word = first; word < end; word++) if (wanted[pointers[word]!] === 1) found.push(word)
  return found.values()
}

/** How long objects are. */
export class Sizes {
  readonly #halves: Uint32Array
  readonly #bytes: Buffer
  readonly #stringLength: number
  readonly #oneByte: number
  readonly #twoByte: number
  readonly #descriptors: number

  constructor(arena: Arena, layout: Layout) {
    this.#halves = arena.halves
    this.#bytes = arena.bytes
    this.#stringLength = layout.field.stringLength / 4
    this.#oneByte = layout.field.oneByteChars + 7
    this.#twoByte = layout.field.twoByteChars + 7
    this.#descriptors = (layout.constants.get('class_DescriptorArray__header_size__uintptr_t') ?? 24) / 8
  }

  /** In words; 0 when it is not known, -1 when there can be no such object here. `end`: where the chunk's area ends. */
  of(word: number, map: number, code: number, end: number): number {
    const size = this.#size(word, map, code)
    return word + size <= end ? size : -1
  }

  #size(word: number, map: number, code: number): number {
    const halves = this.#halves
    const told = this.#bytes[map * 8 + INSTANCE_SIZE]!
    if (told !== 0) return told
    switch (code) {
      case shape.fixedArray:
      case shape.context:
        return this.#counted(word, 2)
      case shape.arrayList:
        return this.#counted(word, 3)
      case shape.doubleArray:
        return this.#counted(word, 2)
      case shape.propertyArray:
        return halves[2 * word + 2] === 0 ? 2 + (halves[2 * word + 3]! & 1023) : -1
      case shape.byteArray: {
        const length = halves[2 * word + 3]!
        return halves[2 * word + 2] === 0 && length < 2 ** 30 ? 2 + ((length + 7) >>> 3) : -1
      }
      case shape.oneByteString: {
        const length = halves[2 * word + this.#stringLength]!
        return length < 2 ** 30 ? (this.#oneByte + length) >>> 3 : -1
      }
      case shape.twoByteString: {
        const length = halves[2 * word + this.#stringLength]!
        return length < 2 ** 29 ? (this.#twoByte + 2 * length) >>> 3 : -1
      }
      case shape.descriptors:
        return this.#descriptors + 3 * (halves[2 * word + 2]! & 0xffff)
      case shape.free: {
        const bytes = halves[2 * word + 3]!
        return halves[2 * word + 2] === 0 && bytes >= 16 && bytes % 8 === 0 ? bytes / 8 : -1
      }
      default:
        return 0
    }
  }

  #counted(word: number, header: number): number {
    const length = this.#halves[2 * word + 3]!
    return this.#halves[2 * word + 2] === 0 && length < 2 ** 28 ? header + length : -1
  }
}
