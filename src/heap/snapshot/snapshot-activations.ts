/** The suspended functions of a heap snapshot. */
import type { Activation, HeapFunction, HeapNode, HeapValue } from '../graph.ts'
import type { HeapTables, RawEdge } from './heap-tables.ts'
import type { SnapshotNodes } from './snapshot-nodes.ts'

export class SnapshotActivations {
  readonly #tables: HeapTables
  readonly #nodes: SnapshotNodes
  readonly #codeOf: (fn: HeapNode) => HeapFunction | undefined

  constructor(tables: HeapTables, nodes: SnapshotNodes, codeOf: (fn: HeapNode) => HeapFunction | undefined) {
    this.#tables = tables
    this.#nodes = nodes
    this.#codeOf = codeOf
  }

  all(): readonly Activation[] {
    const tables = this.#tables
    const found: Activation[] = []
    for (const registers of this.#registerFiles()) {
      const { node, file } = registers
      const fn = tables.internal(node, 'function')
      if (fn === undefined) continue
      const edges = tables.edges(node)
      const promises = edges.filter(({ type, to }) => type === 'hidden' && this.#nodes.kind(to) === 'promise')
      const requests = edges.filter(({ to }) => tables.name(to) === 'system / AsyncGeneratorRequest')
      const kind =
        requests.length > 0 ? 'async generator' : promises.length > 0 ? 'async function' : 'generator'
      const receiver = tables.internal(node, 'receiver')
      found.push({
        node,
        kind,
        function: fn,
        code: this.#codeOf(fn) ?? { name: '' },
        receiver: receiver === undefined ? { kind: 'unknown' } : this.#nodes.valueOf(receiver),
        context: tables.internal(node, 'context'),
        registers: this.#registers(file),
        parameters: 0,
        promises: [
          ...promises.map(({ to }) => to),
          ...requests.flatMap(({ to }) => this.#requestPromises(to)),
        ],
        at: undefined,
      })
    }
    return found
  }

  /** Small numbers have no node, and leave their place empty. */
  #registers(file: number): readonly HeapValue[] {
    const registers: HeapValue[] = []
    for (const { type, name, to } of this.#tables.edges(file)) {
      const at = type === 'internal' && /^\d{1,5}$/.test(name) ? Number(name) : undefined
      if (at === undefined) continue
      while (registers.length < at) registers.push({ kind: 'unknown' })
      registers[at] = this.#nodes.valueOf(to)
    }
    return registers
  }

  *#registerFiles(): Generator<{ readonly node: HeapNode; readonly file: HeapNode }> {
    const tables = this.#tables
    for (let node = 0; node < tables.count; node++) {
      if (tables.type(node) !== 'object') continue
      const file = tables.internal(node, 'parameters_and_registers')
      if (file !== undefined) yield { node, file }
    }
  }

  /** The first in the queue is the one being served. */
  #requestPromises(request: number): readonly HeapNode[] {
    const promises: HeapNode[] = []
    const seen = new Set<number>()
    for (let at: number | undefined = request; at !== undefined && !seen.has(at); ) {
      seen.add(at)
      const edges: readonly RawEdge[] = this.#tables.edges(at)
      promises.push(...edges.filter(({ to }) => this.#nodes.kind(to) === 'promise').map(({ to }) => to))
      at = edges.find(({ to }) => this.#tables.name(to) === 'system / AsyncGeneratorRequest')?.to
    }
    return promises
  }
}
