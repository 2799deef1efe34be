/** A table of symbols of an image (elf(5)), with their names: searched as bytes, since making a text of each takes longer than all else. */
import { functionsAt } from './function-symbols.ts'
import type { SymbolHash } from './symbol-hash.ts'
import { wordsOf } from './words.ts'

export interface ElfSymbol {
  readonly address: number
  readonly size: number
}

export interface SymbolTable {
  readonly entries: Buffer
  /** The first bytes of the name at a place: nobody needs all of them. */
  readonly names: (place: number) => Buffer | undefined
  readonly allNames: () => Buffer | undefined
  /** Undefined where none was made for it. */
  readonly hash?: SymbolHash | undefined
}

/** How long an entry is, bytes. */
export const SYMBOL = 24

/** The symbols whose names begin with one of `prefixes`. */
export function symbolsBeginning(
  table: SymbolTable,
  prefixes: readonly string[],
): ReadonlyMap<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>()
  const names = table.allNames()
  if (names === undefined) return found
  const words = wordsOf(table.entries)
  const wanted = prefixes.map(prefix => Buffer.from(prefix, 'latin1'))
  for (const at of hashedSymbols(table, words, names, wanted) ?? symbolsNamed(words, names, wanted)) {
    const start = words[at]!
    const end = names.indexOf(0, start)
    if (end === -1 || end - start >= 4096 || words[at + 1]! >>> 16 === 0) continue // 0: not defined here
    found.set(names.toString('latin1', start, end), {
      address: words[at + 3]! * 2 ** 32 + words[at + 2]!,
      size: words[at + 5]! * 2 ** 32 + words[at + 4]!,
    })
  }
  return found
}

/** By their names, of which there are few, among all names, of which there are many. */
function hashedSymbols(
  { hash }: SymbolTable,
  words: Uint32Array,
  names: Buffer,
  prefixes: readonly Buffer[],
): readonly number[] | undefined {
  if (hash === undefined) return undefined
  const found: number[] = []
  for (const prefix of prefixes) {
    for (let at = names.indexOf(prefix); at !== -1; at = names.indexOf(prefix, at + 1)) {
      const end = names.indexOf(0, at)
      if (end === -1) break
      const name = names.subarray(at, end + 1)
      const symbol = hash.find(name.subarray(0, -1), number => {
        const start = words[number * (SYMBOL / 4)]
        return start !== undefined && names.subarray(start, start + name.length).equals(name)
      })
      if (symbol !== undefined) found.push(symbol * (SYMBOL / 4))
    }
  }
  return found
}

/** Looks at each symbol once: searching all the names takes longer than looking at one letter of each. */
function symbolsNamed(words: Uint32Array, names: Buffer, prefixes: readonly Buffer[]): readonly number[] {
  const found: number[] = []
  for (let symbol = 0; symbol + SYMBOL / 4 <= words.length; symbol += SYMBOL / 4) {
    const start = words[symbol]!
    for (const prefix of prefixes) {
      const last = prefix.length - 1
      if (names[start + last] !== prefix[last]) continue
      let at = 0
      while (at < last && names[start + at] === prefix[at]) at++
      if (at === last) found.push(symbol)
    }
  }
  return found
}

/** The functions' names at addresses. */
export function functionNames(table: SymbolTable, addresses: readonly number[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const [address, place] of functionsAt(table.entries, addresses)) {
    const name = textIn(table.names(place))
    if (name !== undefined) names.set(address, name)
  }
  return names
}

function textIn(bytes: Buffer | undefined): string | undefined {
  const end = bytes?.indexOf(0) ?? -1
  return end > 0 ? bytes?.toString('latin1', 0, end) : undefined
}
