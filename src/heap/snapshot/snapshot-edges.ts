/** The edges of a heap snapshot in the words of a heap graph: storage that belongs to one object counts as that object. */
import type { HeapEdge, HeapNode } from '../graph.ts'
import type { HeapTables, RawEdge } from './heap-tables.ts'
import { type SnapshotNodes, shapes } from './snapshot-nodes.ts'

export class SnapshotEdges {
  readonly #tables: HeapTables
  readonly #nodes: SnapshotNodes

  constructor(tables: HeapTables, nodes: SnapshotNodes) {
    this.#tables = tables
    this.#nodes = nodes
  }

  of(node: HeapNode): readonly HeapEdge[] {
    const tables = this.#tables
    return tables.edges(node).flatMap((edge): readonly HeapEdge[] => {
      if (edge.type === 'weak' || shapes.has(edge.name)) return []
      if (edge.name === 'parameters_and_registers') return this.#numbered(edge.to, 'internal', 'register')
      if (edge.name === 'table') return this.#numbered(edge.to, 'entry', '')
      if (edge.name === 'bindings') return this.#numbered(edge.to, 'internal', 'bound')
      if (edge.name === 'elements') return []
      return [{ kind: kindOfEdge(edge), name: nameOfEdge(edge), node: this.#nodes.unwrap(edge.to) }]
    })
  }

  #numbered(storage: number, kind: HeapEdge['kind'], name: string): readonly HeapEdge[] {
    return this.#tables
      .edges(storage)
      .filter(({ type, name: index }) => type === 'internal' && /^\d+$/.test(index))
      .map(({ to }) => ({ kind, name, node: to }))
  }

  retainers(node: HeapNode): readonly HeapEdge[] {
    return this.#tables.retainers(node).flatMap(edge => this.#lifted(edge, 0))
  }

  #lifted(edge: RawEdge & { readonly from: number }, depth: number): readonly HeapEdge[] {
    const tables = this.#tables
    const { from } = edge
    const type = tables.type(from)
    if (edge.type === 'weak' || edge.type === 'shortcut' || shapes.has(edge.name) || type === 'synthetic')
      return []
    if (tables.name(from) === 'system / ContextCell')
      return depth > 1 ? [] : tables.retainers(from).flatMap(outer => this.#lifted(outer, depth + 1))
    // What a module exports: a cell, behind its name in the table of exports.
    if (tables.name(from) === 'system / Cell') {
      return tables.retainers(from).flatMap((outer): readonly HeapEdge[] => {
        if (tables.type(outer.from) !== 'array' || !/^\d+$/.test(outer.name)) return []
        const key = tables.internal(outer.from, String(Number(outer.name) - 1))
        const name =
          key !== undefined && this.#nodes.isText(key) ? tables.name(key).slice(0, 1000) : undefined
        if (name === undefined) return []
        const holders = tables.retainers(outer.from).map(holder => holder.from)
        return holders
          .filter(holder => this.#nodes.kind(holder) === 'module')
          .map(node => ({ kind: 'variable' as const, name, node }))
      })
    }
    if (type === 'array') {
      return tables.retainers(from).flatMap((outer): readonly HeapEdge[] => {
        if (outer.name === 'parameters_and_registers')
          return [{ kind: 'internal', name: 'register', node: outer.from }]
        if (outer.name === 'table') return [{ kind: 'entry', name: '', node: outer.from }]
        if (outer.name === 'bindings') return [{ kind: 'internal', name: 'bound', node: outer.from }]
        return []
      })
    }
    return [{ kind: kindOfEdge(edge), name: nameOfEdge(edge), node: from }]
  }
}

function kindOfEdge({ type }: RawEdge): HeapEdge['kind'] {
  if (type === 'context') return 'variable'
  return type === 'property' || type === 'element' ? type : 'internal'
}

/** A private field is named as in the source. */
function nameOfEdge({ name, index }: RawEdge): string {
  if (index >= 0) return String(index)
  return name.replace(/^<symbol (#.*)>$/, '$1')
}
