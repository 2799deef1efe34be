/** Which functions of a symbol table (elf(5)) hold some addresses: one pass, since the tables are long and the addresses few. */

import { wordsOf } from './words.ts'

/** How long an entry is, in 32-bit words. */
const WORDS = 6
const FUNCTION = 2
/** STT_GNU_IFUNC: which of several functions it is, is decided at run time. */
const INDIRECT_FUNCTION = 10

/** By address, the place of the name in the table of names; absent where no function of the table holds it. */
export function functionsAt(entries: Buffer, addresses: readonly number[]): ReadonlyMap<number, number> {
  const wanted = Float64Array.from(new Set(addresses)).sort()
  const found = new Map<number, number>()
  if (wanted.length === 0) return found
  const [lowest, highest] = [wanted[0]!, wanted[wanted.length - 1]!]
  const starts = new Map<number, number>()
  // Elf64_Sym: name, info and other and section, value (two words), size (two words; no function has 4 GiB).
  const words = wordsOf(entries)
  for (let at = 0; at + WORDS <= words.length; at += WORDS) {
    const start = words[at + 3]! * 2 ** 32 + words[at + 2]!
    if (start > highest) continue
    const end = start + words[at + 4]!
    if (end <= lowest) continue
    const kind = words[at + 1]!
    const type = kind & 15
    if ((type !== FUNCTION && type !== INDIRECT_FUNCTION) || kind >>> 16 === 0) continue // 0: not defined here
    for (let index = firstNotBelow(wanted, start); index < wanted.length && wanted[index]! < end; index++) {
      const address = wanted[index]!
      // Of functions in each other the innermost.
      if (start <= (starts.get(address) ?? -1)) continue
      starts.set(address, start)
      found.set(address, words[at]!)
    }
  }
  return found
}

function firstNotBelow(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
