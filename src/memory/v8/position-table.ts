/**
 * Source position tables (src/codegen/source-position-table.cc): pairs of differences in the offset of an instruction and in the position in the
 * source. And the positions themselves (src/codegen/source-position.h).
 */
import type { Layout } from './layout.ts'

export interface SourcePosition {
  /** Offset in the script's text. */
  readonly offset: number
  /** Which of the functions inlined into this code it belongs to, from 1; 0 for the function itself. */
  readonly inlined: number
}

/** The position of the last entry that is not behind `offset`; undefined when there is none or the table is damaged. */
export function positionAt(
  table: Buffer,
  offset: number,
  encoding: Layout['positionTable'],
): SourcePosition | undefined {
  if (encoding === 'unknown') return undefined
  let at = 0
  let code = -1
  let source = 0
  let found: number | undefined
  const unsigned = (): number => {
    let value = 0
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = table[at++]
      if (byte === undefined) return Number.NaN
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  const signed = () => {
    const value = unsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  while (at < table.length) {
    if (encoding === 'signed') {
      const difference = signed()
      // A negative one marks an expression.
      code += difference < 0 ? -(difference + 1) : difference
    } else code += Math.floor(unsigned() / 4)
    source += signed()
    if (Number.isNaN(code) || Number.isNaN(source)) return undefined
    if (code > offset) break
    found = source
  }
  return found === undefined ? undefined : decodePosition(found)
}

/** Bit 0: in a file outside; bits 1 to 30: offset + 1; bits 31 to 46: number of the inlined function. */
export function decodePosition(raw: number): SourcePosition | undefined {
  if (!(raw >= 0) || raw >= 2 ** 47 || raw % 2 === 1) return undefined
  const offset = (Math.floor(raw / 2) % 2 ** 30) - 1
  return offset < 0 ? undefined : { offset, inlined: Math.floor(raw / 2 ** 31) }
}
