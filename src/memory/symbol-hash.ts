/** The hash table over an image's exported symbols (DT_GNU_HASH), by which the dynamic linker finds them: one look instead of one at each symbol. */

const HEADER = 16
const MOST_BUCKETS = 2 ** 24

export class SymbolHash {
  readonly #buckets: Buffer
  readonly #chains: Buffer
  /** The first symbol in it. */
  readonly #first: number

  /** `read`: by address of the image, where the table begins at `base`; `count`: of the symbols. Undefined where there is none that fits. */
  static at(
    read: (at: number, length: number) => Buffer | undefined,
    base: number,
    count: number,
  ): SymbolHash | undefined {
    const header = read(base, HEADER)
    if (header === undefined) return undefined
    const [buckets, first, words] = [0, 4, 8].map(at => header.readUInt32LE(at)) as [number, number, number]
    if (buckets === 0 || buckets > MOST_BUCKETS || first > count || words > MOST_BUCKETS) return undefined
    const start = base + HEADER + 8 * words
    const table = read(start, 4 * (buckets + count - first))
    return table && new SymbolHash(table.subarray(0, 4 * buckets), table.subarray(4 * buckets), first)
  }

  private constructor(buckets: Buffer, chains: Buffer, first: number) {
    this.#buckets = buckets
    this.#chains = chains
    this.#first = first
  }

  /** The symbol of that name; `isNamed` says whether one has it. */
  find(name: Buffer, isNamed: (symbol: number) => boolean): number | undefined {
    const hash = hashOf(name)
    const first = this.#buckets.readUInt32LE(4 * (hash % (this.#buckets.length / 4)))
    if (first < this.#first) return undefined
    for (let symbol = first; ; symbol++) {
      const at = 4 * (symbol - this.#first)
      if (at + 4 > this.#chains.length) return undefined
      const own = this.#chains.readUInt32LE(at)
      // The lowest bit ends a chain.
      if (own >>> 1 === hash >>> 1 && isNamed(symbol)) return symbol
      if ((own & 1) === 1) return undefined
    }
  }
}

function hashOf(name: Buffer): number {
  let hash = 5381
  for (const letter of name) hash = (Math.imul(hash, 33) + letter) | 0
  return hash >>> 0
}
