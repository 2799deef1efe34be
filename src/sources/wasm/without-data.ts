/** A module's sections (core specification, section 5.5) that are not code, with nothing in them. */
import { ByteReader, UnreadableModule } from './byte-reader.ts'

const CUSTOM = 0
const DATA = 11

/**
 * The module with its data segments and custom sections overwritten by zeros: strings of the program are there, and all
 * offsets stay what they are. The custom section of names goes too: V8 has told the names that matter.
 */
export function withoutData(module: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(module)
  try {
    const reader = new ByteReader(bytes, 8)
    while (reader.at < bytes.length) {
      const id = reader.byte()
      const length = reader.unsigned()
      const end = reader.at + length
      if (id === CUSTOM || id === DATA) bytes.fill(0, reader.at, end)
      reader.at = end
    }
    return bytes
  } catch (error) {
    if (error instanceof UnreadableModule) return new Uint8Array()
    throw error
  }
}
