/**
 * The numbers of V8's builtins, which differ from build to build: from the executable's own table (EmbeddedData, src/snapshot/embedded/embedded-data.h),
 * which tells for each number where its code begins, and from the symbols of that code.
 */
import type { ElfImage } from '../../memory/elf-image.ts'

export interface Builtins {
  /** By number, without `Builtins_`. */
  readonly names: readonly string[]
  readonly ids: ReadonlyMap<string, number>
}

const PREFIX = 'Builtins_'
const BLOB = 'v8_Default_embedded_blob_'
/** Words of 32 bits before the table, and in one entry, of which the first is the offset of the code. */
const STARTS = [6, 4, 5, 7, 8]
const STRIDES = [3, 7, 8, 4, 5, 6]
const FEWEST = 1000
const MOST = 8192

/** Undefined for an executable that was stripped of its symbols. */
export function readBuiltins(image: ElfImage): Builtins | undefined {
  const symbols = image.allSymbols([PREFIX, BLOB])
  const code = symbols.get(`${BLOB}code_data_`) ?? symbols.get(`${BLOB}code_`)
  const data = symbols.get(`${BLOB}data_data_`) ?? symbols.get(`${BLOB}data_`)
  if (code === undefined || data === undefined) return undefined
  const nameAt = new Map<number, string>()
  for (const [name, { address }] of symbols)
    if (name.startsWith(PREFIX)) nameAt.set(address - code.address, name.slice(PREFIX.length))
  const bytes =
    image.bytesAt(data.address, 4 * (8 + MOST * 8)) ?? image.bytesAt(data.address, 4 * (8 + 2048 * 3))
  if (bytes === undefined) return undefined
  // The right way to read it is the one by which every entry is the beginning of a builtin.
  let names: readonly string[] = []
  for (const start of STARTS) {
    for (const stride of STRIDES) {
      const read = namesBy(bytes, nameAt, start, stride)
      if (read.length > names.length) names = read
    }
  }
  return names.length < FEWEST ? undefined : { names, ids: new Map(names.map((name, id) => [name, id])) }
}

function namesBy(
  bytes: Buffer,
  nameAt: ReadonlyMap<number, string>,
  start: number,
  stride: number,
): readonly string[] {
  const names = new Set<string>()
  for (let at = 4 * start; at + 4 <= bytes.length && names.size < MOST; at += 4 * stride) {
    const name = nameAt.get(bytes.readUInt32LE(at))
    if (name === undefined || names.has(name)) break
    names.add(name)
  }
  return [...names]
}
