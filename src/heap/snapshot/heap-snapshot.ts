/**
 * V8's heap snapshot (`HeapProfiler.takeHeapSnapshot`, format: v8/src/profiler/heap-snapshot-generator.cc), parsed as its
 * chunks arrive: numbers go into typed arrays, and no string ever holds the whole of it.
 */

interface Meta {
  readonly node_fields: readonly string[]
  readonly node_types: readonly (string | readonly string[])[]
  readonly edge_fields: readonly string[]
  readonly edge_types: readonly (string | readonly string[])[]
  readonly location_fields?: readonly string[]
}

/** The tables of a snapshot. `*Fields` give the columns, which differ between versions of V8. */
export interface HeapSnapshot {
  readonly nodes: Uint32Array
  readonly edges: Uint32Array
  readonly locations: Uint32Array
  readonly strings: readonly string[]
  readonly nodeFields: readonly string[]
  readonly nodeTypes: readonly string[]
  readonly edgeTypes: readonly string[]
}

type Section = 'header' | 'between' | 'numbers' | 'strings' | 'end'

/** No header is longer than this: what is, is no snapshot. */
const longestHeader = 100_000
/** Nor any text: V8 cuts them at 1024 characters unless it was told another limit. */
const longestText = 2 ** 26
/** A table is given no more room than this before its numbers have come: a header may lie. */
const largestStart = 2 ** 26
/** Texts that nothing is named by: those of V8's own. */
const moreTexts = 100_000

/** Takes the chunks one after the other; `result` after the last one. */
export class HeapSnapshotParser {
  #section: Section = 'header'
  #text = ''
  #meta: Meta | undefined
  #counts = { nodes: 0, edges: 0 }
  readonly #tables = new Map<string, Uint32Array>()
  #table = new Uint32Array(0)
  #name = ''
  #length = 0
  #number = -1
  readonly #strings: string[] = []
  #inString = false

  write(chunk: string): void {
    let at = 0
    while (at < chunk.length && this.#section !== 'end') {
      if (this.#section === 'header') at = this.#header(chunk)
      else if (this.#section === 'between') at = this.#between(chunk, at)
      else if (this.#section === 'numbers') at = this.#numbers(chunk, at)
      else at = this.#texts(chunk, at)
    }
  }

  /** Undefined when the snapshot did not come to its end. */
  get result(): HeapSnapshot | undefined {
    const meta = this.#meta
    if (this.#section !== 'end' || meta === undefined) return undefined
    const none = new Uint32Array(0)
    return {
      nodes: this.#tables.get('nodes') ?? none,
      edges: this.#tables.get('edges') ?? none,
      locations: this.#tables.get('locations') ?? none,
      strings: this.#strings,
      nodeFields: meta.node_fields,
      nodeTypes: meta.node_types[0] as readonly string[],
      edgeTypes: meta.edge_types[0] as readonly string[],
    }
  }

  /** Each names something, a node or an edge. */
  get #mostTexts(): number {
    const length = (name: string) => this.#tables.get(name)?.length ?? 0
    return length('nodes') + length('edges') + moreTexts
  }

  #header(chunk: string): number {
    const before = this.#text.length
    this.#text += chunk
    const end = this.#text.search(/"nodes"\s*:\s*\[/)
    if (end < 0) {
      if (this.#text.length > longestHeader) this.#fail()
      return chunk.length
    }
    const { snapshot } = JSON.parse(`${this.#text.slice(0, this.#text.lastIndexOf('}', end) + 1)}}`)
    if (!isMeta(snapshot?.meta)) return this.#fail(chunk.length)
    this.#meta = snapshot.meta
    this.#counts = { nodes: Number(snapshot.node_count), edges: Number(snapshot.edge_count) }
    this.#text = '"nodes":'
    this.#section = 'between'
    return end + this.#text.length - before
  }

  /** It is none: nothing of it is taken. */
  #fail(at = 0): number {
    this.#section = 'end'
    this.#meta = undefined
    return at
  }

  /** Up to the `[` of the next section. */
  #between(chunk: string, from: number): number {
    const open = chunk.indexOf('[', from)
    this.#text += chunk.slice(from, open < 0 ? undefined : open)
    if (open < 0) return chunk.length
    const name = /"(\w+)":\s*$/.exec(this.#text)?.[1] ?? ''
    this.#text = ''
    this.#name = name
    this.#length = 0
    this.#number = -1
    const { nodes, edges } = this.#counts
    const size =
      name === 'nodes' ? nodes * this.#meta!.node_fields.length : name === 'edges' ? edges * 3 : 1024
    this.#table = new Uint32Array(size >= 1 && size <= largestStart ? size : 1024)
    this.#section = name === 'strings' ? 'strings' : 'numbers'
    return open + 1
  }

  #numbers(chunk: string, from: number): number {
    let number = this.#number
    let length = this.#length
    let table = this.#table
    for (let at = from; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at)
      if (code >= 48 && code <= 57) {
        number = (number < 0 ? 0 : number * 10) + code - 48
        continue
      }
      if (number >= 0) {
        if (length === table.length) {
          const larger = new Uint32Array(length * 2)
          larger.set(table)
          table = larger
        }
        table[length++] = number
        number = -1
      }
      if (code === 93) {
        this.#tables.set(this.#name, table.subarray(0, length))
        this.#section = 'between'
        return at + 1
      }
    }
    this.#number = number
    this.#length = length
    this.#table = table
    return chunk.length
  }

  #texts(chunk: string, from: number): number {
    for (let at = from; at < chunk.length; ) {
      if (!this.#inString) {
        const code = chunk.charCodeAt(at++)
        if (code === 93) {
          this.#section = 'end'
          return at
        }
        this.#inString = code === 34
        continue
      }
      const end = endOfText(chunk, at, this.#text)
      this.#text += chunk.slice(at, end < 0 ? undefined : end)
      if (this.#text.length > longestText || this.#strings.length > this.#mostTexts) return this.#fail(at)
      if (end < 0) return chunk.length
      this.#strings.push(this.#text.includes('\\') ? JSON.parse(`"${this.#text}"`) : this.#text)
      this.#text = ''
      this.#inString = false
      at = end + 1
    }
    return chunk.length
  }
}

/** Whether it names its columns, and has those that are counted on. */
function isMeta(meta: unknown): meta is Meta {
  if (typeof meta !== 'object' || meta === null) return false
  const { node_fields, node_types, edge_fields, edge_types } = meta as Record<string, unknown>
  const has = (fields: unknown, names: readonly string[]) =>
    Array.isArray(fields) && names.every(name => fields.includes(name))
  const types = (all: unknown) => Array.isArray(all) && Array.isArray(all[0])
  return (
    has(node_fields, ['type', 'name', 'id', 'edge_count']) &&
    Array.isArray(edge_fields) &&
    edge_fields.join() === 'type,name_or_index,to_node' &&
    types(node_types) &&
    types(edge_types)
  )
}

/** The quote that ends a text which goes on at `from`; `before` is what came of it in earlier chunks. */
function endOfText(chunk: string, from: number, before: string): number {
  let start = from
  for (;;) {
    const quote = chunk.indexOf('"', start)
    if (quote < 0) return -1
    let slashes = 0
    let at = quote - 1
    for (; at >= from && chunk.charCodeAt(at) === 92; at--) slashes++
    if (at < from)
      for (let back = before.length - 1; back >= 0 && before.charCodeAt(back) === 92; back--) slashes++
    if (slashes % 2 === 0) return quote
    start = quote + 1
  }
}
