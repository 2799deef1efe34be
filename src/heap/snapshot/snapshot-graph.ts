/** The heap of one thread as V8's heap snapshot tells it. Names and shapes: v8/src/profiler/heap-snapshot-generator.cc. */
import type {
  Activation,
  Continuation,
  HeapEdge,
  HeapFunction,
  HeapGraph,
  HeapNode,
  HeapNodeKind,
  HeapPlace,
  HeapValue,
  PromiseState,
  Reaction,
} from '../graph.ts'
import type { HeapSnapshot } from './heap-snapshot.ts'
import { HeapTables } from './heap-tables.ts'
import { SnapshotActivations } from './snapshot-activations.ts'
import { SnapshotEdges } from './snapshot-edges.ts'
import { SnapshotNodes } from './snapshot-nodes.ts'
import { SnapshotPromises } from './snapshot-promises.ts'

/** What the snapshot does not hold: the names and texts of scripts, and where a function stands. */
export interface SnapshotScripts {
  url(scriptId: number): string
  text(scriptId: number): string | undefined
  /** Where each of these suspended functions stands, by V8's id of it. */
  locate(objectIds: readonly number[]): Promise<ReadonlyMap<number, HeapPlace>>
}

/** Of Node's and V8's roots, those through which native code keeps an object. */
const nativeRoots = new Set(['(Global handles)', '(Handle scope)', '(Stack roots)', '(Traced handles)'])

export class SnapshotGraph implements HeapGraph {
  readonly source = 'heap snapshot'
  readonly isolate = undefined
  readonly consistent = true
  readonly withoutNumbers: boolean
  readonly #tables: HeapTables
  readonly #scripts: SnapshotScripts
  readonly #nodes: SnapshotNodes
  readonly #edges: SnapshotEdges
  readonly #reactions: SnapshotPromises
  #activations: readonly Activation[] | undefined
  #builtins: Map<string, HeapNode[]> | undefined

  constructor(snapshot: HeapSnapshot, scripts: SnapshotScripts) {
    this.#tables = new HeapTables(snapshot)
    this.#scripts = scripts
    this.#nodes = new SnapshotNodes(this.#tables)
    this.#edges = new SnapshotEdges(this.#tables, this.#nodes)
    this.#reactions = new SnapshotPromises(this.#tables, this.#nodes)
    this.withoutNumbers = !this.#tables.hasNumbers
  }

  activations(): readonly Activation[] {
    this.#activations ??= new SnapshotActivations(this.#tables, this.#nodes, fn => this.code(fn)).all()
    return this.#activations
  }

  promises(): readonly HeapNode[] {
    const tables = this.#tables
    const found = new Set(this.activations().flatMap(({ promises }) => promises))
    for (const reaction of tables.named(new Set(['system / PromiseReaction'])))
      for (const { from, type, name } of tables.retainers(reaction))
        if (type === 'internal' && name === 'reactions_or_result') found.add(from)
    return [...found]
  }

  closures(builtins: readonly string[]): readonly HeapNode[] {
    if (this.#builtins === undefined) {
      this.#builtins = new Map()
      for (let node = 0; node < this.#tables.count; node++) {
        if (this.#tables.type(node) !== 'closure') continue
        const name = this.#nodes.builtin(node)
        if (name === undefined) continue
        const same = this.#builtins.get(name)
        if (same === undefined) this.#builtins.set(name, [node])
        else same.push(node)
      }
    }
    return builtins.flatMap(name => this.#builtins!.get(name) ?? [])
  }

  instances(className: string): readonly HeapNode[] {
    return [...this.#tables.named(new Set([className]), 'object')].filter(
      node => !this.#nodes.isPrototype(node),
    )
  }

  kind(node: HeapNode): HeapNodeKind {
    return this.#nodes.kind(node)
  }

  className(node: HeapNode): string {
    return this.#tables.type(node) === 'object'
      ? this.#tables.name(node).replace(/ (\(\w+\) )?\/ .*$|\s*\/ $/, '')
      : ''
  }

  code(node: HeapNode): HeapFunction | undefined {
    const tables = this.#tables
    if (tables.type(node) !== 'closure') return undefined
    const bound = tables.internal(node, 'bound_function')
    if (bound !== undefined) return this.code(bound)
    const builtin = this.#nodes.builtin(node)
    const raw = tables.place(node)
    return {
      name: tables.name(node),
      ...(builtin !== undefined && { builtin }),
      ...(raw !== undefined && {
        place: {
          script: this.#scripts.url(raw.scriptId),
          scriptId: raw.scriptId,
          line: raw.line + 1,
          column: raw.column + 1,
        },
      }),
    }
  }

  text(node: HeapNode): string | undefined {
    return this.#nodes.isText(node) ? this.#tables.name(node).slice(0, 1000) : undefined
  }

  value(node: HeapNode, name: string): HeapValue | undefined {
    for (const type of ['property', 'context', 'internal']) {
      const to = this.#tables.target(node, type, name)
      if (to !== undefined) return this.#nodes.valueOf(this.#nodes.unwrap(to))
    }
    if (this.#tables.type(node) === 'object' && /^\d+$/.test(name)) {
      const element = this.#tables
        .edges(node)
        .find(({ type, index }) => type === 'element' && index === Number(name))
      if (element !== undefined) return this.#nodes.valueOf(element.to)
    }
    return undefined
  }

  has(node: HeapNode, name: string): boolean {
    const seen = new Set<HeapNode>()
    for (let at: HeapNode | undefined = node; at !== undefined && !seen.has(at); ) {
      seen.add(at)
      if (this.#tables.target(at, 'property', name) !== undefined) return true
      at = this.#tables.target(at, 'property', '__proto__')
    }
    return false
  }

  method(node: HeapNode, name: string): HeapNode | undefined {
    const seen = new Set<HeapNode>()
    for (let at: HeapNode | undefined = node; at !== undefined && !seen.has(at); ) {
      seen.add(at)
      const to = this.#tables.target(at, 'property', name)
      if (to !== undefined) return /function$/.test(this.kind(to)) ? to : undefined
      at = this.#tables.target(at, 'property', '__proto__')
    }
    return undefined
  }

  edges(node: HeapNode): readonly HeapEdge[] {
    return this.#edges.of(node)
  }

  retainers(node: HeapNode): readonly HeapEdge[] {
    return this.#edges.retainers(node)
  }

  nativelyHeld(node: HeapNode): boolean {
    const tables = this.#tables
    return tables.retainers(node).some(({ from, type, name }) => {
      if (type === 'weak') return false
      return tables.type(from) === 'synthetic'
        ? nativeRoots.has(tables.name(from))
        : tables.type(from) === 'native' && name === 'native_to_javascript'
    })
  }

  state(promise: HeapNode): PromiseState {
    return this.#reactions.state(promise)
  }

  reactions(promise: HeapNode): readonly Reaction[] {
    return this.#reactions.reactions(promise)
  }

  continuation(closure: HeapNode): Continuation | undefined {
    return this.#reactions.continuation(closure)
  }

  async positions(nodes: readonly HeapNode[]): Promise<ReadonlyMap<HeapNode, HeapPlace>> {
    const byId = new Map(nodes.map(node => [this.#tables.id(node), node]))
    const found = await this.#scripts.locate([...byId.keys()])
    return new Map([...found].map(([id, place]) => [byId.get(id)!, place]))
  }

  scriptSource(scriptId: number): string | undefined {
    return this.#scripts.text(scriptId)
  }
}
