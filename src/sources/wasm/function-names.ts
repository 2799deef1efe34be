/** The names of functions in a module's name section (core specification, appendix 7.4), by index. */
import { ByteReader, UnreadableModule } from './byte-reader.ts'

const [CUSTOM, FUNCTIONS] = [0, 1]
const LONGEST = 500

/** Empty for a module without such a section, or with a damaged one. */
export function functionNames(module: Uint8Array): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  try {
    const reader = new ByteReader(module, 8)
    while (reader.at < module.length) {
      const id = reader.byte()
      const end = reader.unsigned() + reader.at
      if (id === CUSTOM && reader.name() === 'name') readNames(reader, end, names)
      reader.at = end
    }
  } catch (error) {
    if (!(error instanceof UnreadableModule)) throw error
  }
  return names
}

function readNames(reader: ByteReader, end: number, names: Map<number, string>): void {
  while (reader.at < end) {
    const id = reader.byte()
    const next = reader.unsigned() + reader.at
    if (id === FUNCTIONS)
      reader.vector(() => {
        const index = reader.unsigned()
        names.set(index, reader.name().slice(0, LONGEST))
      })
    reader.at = next
  }
}
