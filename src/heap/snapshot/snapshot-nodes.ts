/** What the nodes of a heap snapshot are. */
import type { HeapNode, HeapNodeKind, HeapValue } from '../graph.ts'
import type { HeapTables } from './heap-tables.ts'

const kinds: Readonly<Record<string, HeapNodeKind>> = { closure: 'function', string: 'text' }
const texts = new Set(['string', 'concatenated string', 'sliced string'])
/** Edges that say nothing about who uses what: hidden classes, prototypes, feedback. */
export const shapes = new Set([
  'map',
  '__proto__',
  'feedback_cell',
  'initial_map',
  'shared',
  'code',
  'scope_info',
  'properties',
])

export class SnapshotNodes {
  readonly #tables: HeapTables
  readonly #kinds = new Map<HeapNode, HeapNodeKind>()

  constructor(tables: HeapTables) {
    this.#tables = tables
  }

  kind(node: HeapNode): HeapNodeKind {
    const known = this.#kinds.get(node)
    if (known !== undefined) return known
    const kind = this.#kindOf(node)
    this.#kinds.set(node, kind)
    return kind
  }

  #kindOf(node: HeapNode): HeapNodeKind {
    const tables = this.#tables
    const type = tables.type(node)
    const name = tables.name(node)
    if (type === 'closure') return name === 'native_bind' ? 'bound function' : 'function'
    if (texts.has(type)) return 'text'
    if (name === 'system / PromiseReaction') return 'reaction'
    if (name === 'system / SourceTextModule') return 'module'
    if (name === 'system / Context') return 'context'
    if (type !== 'object') return kinds[type] ?? 'other'
    if (tables.internal(node, 'parameters_and_registers') !== undefined) return 'activation'
    if (tables.internal(node, 'reactions_or_result') !== undefined) return 'promise'
    if (this.isPrototype(node)) return 'object'
    if (name === 'Promise') return 'promise'
    if (tables.internal(node, 'table') !== undefined) {
      // Subclasses have names of their own: the entries are in a table all the same.
      return /Set$/.test(name) ? 'set' : 'map'
    }
    return name === 'Array' ? 'array' : 'object'
  }

  /** A prototype has a constructor of its own. */
  isPrototype(node: HeapNode): boolean {
    return this.#tables.target(node, 'property', 'constructor') !== undefined
  }

  /** `(PromiseCapabilityDefaultResolve builtin code)`, in words that differ between versions. */
  builtin(node: HeapNode): string | undefined {
    const code = this.#tables.internal(node, 'code')
    const name = code === undefined ? undefined : /^\((\w+) builtin/.exec(this.#tables.name(code))?.[1]
    // Functions that run in the interpreter, or were never called, show V8's entry to it.
    return name === undefined || /^(Interpreter|CompileLazy|Baseline)/.test(name) ? undefined : name
  }

  isText(node: HeapNode): boolean {
    return texts.has(this.#tables.type(node))
  }

  /** Node 26 keeps variables that change in a cell of their own. */
  unwrap(node: number): number {
    if (this.#tables.name(node) !== 'system / ContextCell') return node
    const held = this.#tables.edges(node).find(({ type, name }) => type !== 'weak' && !shapes.has(name))
    return held?.to ?? node
  }

  /** What a node stands for as a value. */
  valueOf(node: number): HeapValue {
    const tables = this.#tables
    const type = tables.type(node)
    const name = tables.name(node)
    if (type === 'number') {
      const text = tables.internal(node, 'value')
      const value = Number(text === undefined ? name : tables.name(text))
      return Number.isNaN(value) ? { kind: 'unknown' } : { kind: 'number', value }
    }
    if (texts.has(type)) return { kind: 'text', value: name.slice(0, 1000) }
    if (type === 'hidden') {
      if (name === 'undefined' || name === 'null') return { kind: name }
      if (name === 'true' || name === 'false') return { kind: 'boolean', value: name === 'true' }
      if (name === 'system / Oddball') return { kind: 'unknown' }
    }
    return { kind: 'node', node }
  }
}
