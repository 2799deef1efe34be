/** Which functions of a symbol table (elf(5)) hold some addresses: one pass, since the tables are long and the addresses few. */

const SYMBOL = 24
const FUNCTION = 2
/** STT_GNU_IFUNC: which of several functions it is, is decided at run time. */
const INDIRECT_FUNCTION = 10
const LONGEST_NAME = 4096

/** By address; absent where no function of the table holds it. */
export function functionsAt(
  entries: Buffer,
  names: Buffer,
  addresses: readonly number[],
): ReadonlyMap<number, string> {
  const wanted = Float64Array.from(new Set(addresses)).sort()
  const found = new Map<number, string>()
  if (wanted.length === 0) return found
  const [lowest, highest] = [wanted[0]!, wanted[wanted.length - 1]!]
  const best = new Map<number, { readonly start: number; readonly name: number }>()
  for (let at = 0; at + SYMBOL <= entries.length; at += SYMBOL) {
    const type = entries[at + 4]! & 15
    if (type !== FUNCTION && type !== INDIRECT_FUNCTION) continue
    const start = entries.readUInt32LE(at + 12) * 2 ** 32 + entries.readUInt32LE(at + 8)
    if (start > highest || entries.readUInt16LE(at + 6) === 0) continue // 0: not defined here
    const end = start + entries.readUInt32LE(at + 16) // No function has 4 GiB.
    if (end <= lowest) continue
    for (let index = firstNotBelow(wanted, start); index < wanted.length && wanted[index]! < end; index++) {
      const known = best.get(wanted[index]!)
      // Of several names for one function the shortest is the one that people use.
      const better = known === undefined || start > known.start
      if (better) best.set(wanted[index]!, { start, name: entries.readUInt32LE(at) })
    }
  }
  for (const [address, { name }] of best) {
    const end = names.indexOf(0, name)
    if (name < names.length && end > name && end - name < LONGEST_NAME)
      found.set(address, names.toString('latin1', name, end))
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
