/** The tables of a heap snapshot with the questions that a graph asks of them, by the number of a node. */
import type { HeapSnapshot } from './heap-snapshot.ts'

/** One reference as the snapshot has it. */
export interface RawEdge {
  readonly type: string
  /** Empty for `element` and `hidden`, which have an index. */
  readonly name: string
  readonly index: number
  readonly to: number
}

/** A script's place as the snapshot has it: 0-based. */
export interface RawPlace {
  readonly scriptId: number
  readonly line: number
  readonly column: number
}

const EDGE_FIELDS = 3

export class HeapTables {
  readonly count: number
  readonly #snapshot: HeapSnapshot
  readonly #fields: number
  readonly #type: number
  readonly #name: number
  readonly #id: number
  /** By node: where its edges begin. */
  readonly #first: Uint32Array
  #places: Map<number, number> | undefined
  #reverse: { readonly offsets: Uint32Array; readonly edges: Uint32Array } | undefined
  #sources: Uint32Array | undefined

  constructor(snapshot: HeapSnapshot) {
    const { nodes, nodeFields } = snapshot
    this.#snapshot = snapshot
    this.#fields = nodeFields.length
    this.#type = nodeFields.indexOf('type')
    this.#name = nodeFields.indexOf('name')
    this.#id = nodeFields.indexOf('id')
    this.count = nodes.length / this.#fields
    const edgeCount = nodeFields.indexOf('edge_count')
    this.#first = new Uint32Array(this.count + 1)
    for (let node = 0; node < this.count; node++)
      this.#first[node + 1] = this.#first[node]! + nodes[node * this.#fields + edgeCount]!
  }

  type(node: number): string {
    return this.#snapshot.nodeTypes[this.#snapshot.nodes[node * this.#fields + this.#type]!] ?? ''
  }

  name(node: number): string {
    return this.#snapshot.strings[this.#snapshot.nodes[node * this.#fields + this.#name]!] ?? ''
  }

  /** V8's id of the object, by which the inspector finds it. */
  id(node: number): number {
    return this.#snapshot.nodes[node * this.#fields + this.#id]!
  }

  edges(node: number): readonly RawEdge[] {
    const edges: RawEdge[] = []
    for (let at = this.#first[node]!; at < this.#first[node + 1]!; at++) edges.push(this.#edge(at))
    return edges
  }

  /** Where an edge of that type and name leads to. */
  target(node: number, type: string, name: string): number | undefined {
    const { edges, edgeTypes, strings } = this.#snapshot
    for (let at = this.#first[node]!; at < this.#first[node + 1]!; at++) {
      const from = at * EDGE_FIELDS
      if (edgeTypes[edges[from]!] === type && strings[edges[from + 1]!] === name)
        return edges[from + 2]! / this.#fields
    }
    return undefined
  }

  internal(node: number, name: string): number | undefined {
    return this.target(node, 'internal', name)
  }

  /** Where a function's text, a generator's or a class's begins. */
  place(node: number): RawPlace | undefined {
    const { locations } = this.#snapshot
    if (this.#places === undefined) {
      this.#places = new Map()
      for (let at = 0; at < locations.length; at += 4) this.#places.set(locations[at]! / this.#fields, at)
    }
    const at = this.#places.get(node)
    if (at === undefined) return undefined
    return { scriptId: locations[at + 1]!, line: locations[at + 2]!, column: locations[at + 3]! }
  }

  /** The references to a node, each with the node that has it. */
  retainers(node: number): readonly (RawEdge & { readonly from: number })[] {
    const { offsets, edges } = this.#reversed()
    const sources = this.#sources!
    const retainers: (RawEdge & { readonly from: number })[] = []
    for (let at = offsets[node]!; at < offsets[node + 1]!; at++) {
      const edge = edges[at]!
      retainers.push({ ...this.#edge(edge), from: sources[edge]! })
    }
    return retainers
  }

  /** All nodes of these names and, where given, of that type. */
  *named(names: ReadonlySet<string>, type?: string): Generator<number> {
    const { nodes, strings } = this.#snapshot
    const wanted = new Set<number>()
    strings.forEach((text, at) => {
      if (names.has(text)) wanted.add(at)
    })
    for (let node = 0; node < this.count; node++) {
      if (!wanted.has(nodes[node * this.#fields + this.#name]!)) continue
      if (type === undefined || this.type(node) === type) yield node
    }
  }

  #edge(at: number): RawEdge {
    const { edges, edgeTypes, strings } = this.#snapshot
    const from = at * EDGE_FIELDS
    const type = edgeTypes[edges[from]!] ?? ''
    const indexed = type === 'element' || type === 'hidden'
    const label = edges[from + 1]!
    return {
      type,
      name: indexed ? '' : (strings[label] ?? ''),
      index: indexed ? label : -1,
      to: edges[from + 2]! / this.#fields,
    }
  }

  #reversed() {
    if (this.#reverse !== undefined) return this.#reverse
    const { edges } = this.#snapshot
    const total = edges.length / EDGE_FIELDS
    const offsets = new Uint32Array(this.count + 1)
    for (let edge = 0; edge < total; edge++) offsets[edges[edge * EDGE_FIELDS + 2]! / this.#fields + 1]!++
    for (let node = 0; node < this.count; node++) offsets[node + 1]! += offsets[node]!
    const next = offsets.slice(0, this.count)
    const by = new Uint32Array(total)
    const sources = new Uint32Array(total)
    for (let node = 0; node < this.count; node++) {
      for (let edge = this.#first[node]!; edge < this.#first[node + 1]!; edge++) {
        sources[edge] = node
        by[next[edges[edge * EDGE_FIELDS + 2]! / this.#fields]!++] = edge
      }
    }
    this.#sources = sources
    this.#reverse = { offsets, edges: by }
    return this.#reverse
  }
}
