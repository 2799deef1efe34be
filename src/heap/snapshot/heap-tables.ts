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
const deepestText = 30

/** What does not fit in tables that were read from a file, as the rest of a sentence; undefined when all does. */
export function flawIn(snapshot: HeapSnapshot): string | undefined {
  const { nodes, edges, locations, strings, nodeFields, nodeTypes, edgeTypes } = snapshot
  const fields = nodeFields.length
  if (nodes.length === 0 || nodes.length % fields || edges.length % EDGE_FIELDS || locations.length % 4)
    return 'a table of it is cut'
  const [type, name, count] = ['type', 'name', 'edge_count'].map(field => nodeFields.indexOf(field))
  let edgesOfNodes = 0
  for (let at = 0; at < nodes.length; at += fields) {
    if (nodes[at + type!]! >= nodeTypes.length || nodes[at + name!]! >= strings.length)
      return 'a node of it has no name'
    edgesOfNodes += nodes[at + count!]!
  }
  if (edgesOfNodes !== edges.length / EDGE_FIELDS) return 'it has not as many edges as its nodes tell'
  const isNode = (at: number) => at < nodes.length && at % fields === 0
  for (let at = 0; at < edges.length; at += EDGE_FIELDS) {
    const kind = edgeTypes[edges[at]!]
    const indexed = kind === 'element' || kind === 'hidden'
    if (kind === undefined || !isNode(edges[at + 2]!)) return 'an edge of it leads nowhere'
    if (!indexed && edges[at + 1]! >= strings.length) return 'an edge of it has no name'
  }
  for (let at = 0; at < locations.length; at += 4)
    if (!isNode(locations[at]!)) return 'a place in it is that of nothing'
  return undefined
}

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

  /** Whether it was asked to hold the values of numbers (`exposeNumericValues`, `captureNumericValue`). */
  get hasNumbers(): boolean {
    for (let node = 0; node < this.count; node++)
      if (this.type(node) === 'number' && this.internal(node, 'value') !== undefined) return true
    return false
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

  /** The value of a string, also of one that V8 put together of others; undefined for what is none, or is not there whole. */
  text(node: number, depth = 0): string | undefined {
    if (this.type(node) === 'string') return this.name(node)
    if (this.type(node) !== 'concatenated string' || depth > deepestText) return undefined
    const parts = ['first', 'second'].map(name => this.internal(node, name))
    const texts = parts.map(part => (part === undefined ? undefined : this.text(part, depth + 1)))
    return texts.includes(undefined) ? undefined : texts.join('')
  }

  /** Its own bytes, without what it refers to; 0 where the snapshot does not tell. */
  size(node: number): number {
    const at = this.#snapshot.nodeFields.indexOf('self_size')
    return at < 0 ? 0 : this.#snapshot.nodes[node * this.#fields + at]!
  }

  /** All nodes whose place is told. */
  placed(): Iterable<number> {
    this.#readPlaces()
    return this.#places!.keys()
  }

  /** Where a function's text, a generator's or a class's begins. */
  place(node: number): RawPlace | undefined {
    const { locations } = this.#snapshot
    const at = this.#readPlaces().get(node)
    if (at === undefined) return undefined
    return { scriptId: locations[at + 1]!, line: locations[at + 2]!, column: locations[at + 3]! }
  }

  #readPlaces(): ReadonlyMap<number, number> {
    if (this.#places !== undefined) return this.#places
    const { locations } = this.#snapshot
    this.#places = new Map()
    for (let at = 0; at < locations.length; at += 4) this.#places.set(locations[at]! / this.#fields, at)
    return this.#places
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
