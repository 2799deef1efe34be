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
import { HeapTables, type RawEdge } from './heap-tables.ts'

/** What the snapshot does not hold: the names and texts of scripts, and where a function stands. */
export interface SnapshotScripts {
  url(scriptId: number): string
  text(scriptId: number): string | undefined
  /** Where each of these suspended functions stands, by V8's id of it. */
  locate(objectIds: readonly number[]): Promise<ReadonlyMap<number, HeapPlace>>
}

const kinds: Readonly<Record<string, HeapNodeKind>> = { closure: 'function', string: 'text' }
const texts = new Set(['string', 'concatenated string', 'sliced string'])
/** Edges that say nothing about who uses what: hidden classes, prototypes, feedback. */
const shapes = new Set([
  'map',
  '__proto__',
  'feedback_cell',
  'initial_map',
  'shared',
  'code',
  'scope_info',
  'properties',
])
/** Of Node's and V8's roots, those through which native code keeps an object. */
const nativeRoots = new Set(['(Global handles)', '(Handle scope)', '(Stack roots)', '(Traced handles)'])

export class SnapshotGraph implements HeapGraph {
  readonly source = 'heap snapshot'
  readonly isolate = undefined
  readonly consistent = true
  readonly withoutNumbers: boolean
  readonly #tables: HeapTables
  readonly #scripts: SnapshotScripts
  readonly #kinds = new Map<HeapNode, HeapNodeKind>()
  #activations: readonly Activation[] | undefined
  #builtins: Map<string, HeapNode[]> | undefined

  constructor(snapshot: HeapSnapshot, scripts: SnapshotScripts) {
    this.#tables = new HeapTables(snapshot)
    this.#scripts = scripts
    this.withoutNumbers = !this.#tables.hasNumbers
  }

  activations(): readonly Activation[] {
    this.#activations ??= this.#findActivations()
    return this.#activations
  }

  #findActivations(): readonly Activation[] {
    const tables = this.#tables
    const found: Activation[] = []
    for (const registers of this.#registerFiles()) {
      const { node, file } = registers
      const fn = tables.internal(node, 'function')
      if (fn === undefined) continue
      const edges = tables.edges(node)
      const promises = edges.filter(({ type, to }) => type === 'hidden' && this.kind(to) === 'promise')
      const requests = edges.filter(({ to }) => tables.name(to) === 'system / AsyncGeneratorRequest')
      const kind =
        requests.length > 0 ? 'async generator' : promises.length > 0 ? 'async function' : 'generator'
      const receiver = tables.internal(node, 'receiver')
      found.push({
        node,
        kind,
        function: fn,
        code: this.code(fn) ?? { name: '' },
        receiver: receiver === undefined ? { kind: 'unknown' } : this.#valueOf(receiver),
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
      registers[at] = this.#valueOf(to)
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
      promises.push(...edges.filter(({ to }) => this.kind(to) === 'promise').map(({ to }) => to))
      at = edges.find(({ to }) => this.#tables.name(to) === 'system / AsyncGeneratorRequest')?.to
    }
    return promises
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
        const name = this.#builtin(node)
        if (name === undefined) continue
        const same = this.#builtins.get(name)
        if (same === undefined) this.#builtins.set(name, [node])
        else same.push(node)
      }
    }
    return builtins.flatMap(name => this.#builtins!.get(name) ?? [])
  }

  instances(className: string): readonly HeapNode[] {
    return [...this.#tables.named(new Set([className]), 'object')].filter(node => !this.#isPrototype(node))
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
    if (this.#isPrototype(node)) return 'object'
    if (name === 'Promise') return 'promise'
    if (tables.internal(node, 'table') !== undefined) {
      // Subclasses have names of their own: the entries are in a table all the same.
      return /Set$/.test(name) ? 'set' : 'map'
    }
    return name === 'Array' ? 'array' : 'object'
  }

  #isPrototype(node: HeapNode): boolean {
    return this.#tables.target(node, 'property', 'constructor') !== undefined
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
    const builtin = this.#builtin(node)
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

  /** `(PromiseCapabilityDefaultResolve builtin code)`, in words that differ between versions. */
  #builtin(node: HeapNode): string | undefined {
    const code = this.#tables.internal(node, 'code')
    const name = code === undefined ? undefined : /^\((\w+) builtin/.exec(this.#tables.name(code))?.[1]
    // Functions that run in the interpreter, or were never called, show V8's entry to it.
    return name === undefined || /^(Interpreter|CompileLazy|Baseline)/.test(name) ? undefined : name
  }

  text(node: HeapNode): string | undefined {
    return texts.has(this.#tables.type(node)) ? this.#tables.name(node).slice(0, 1000) : undefined
  }

  value(node: HeapNode, name: string): HeapValue | undefined {
    for (const type of ['property', 'context', 'internal']) {
      const to = this.#tables.target(node, type, name)
      if (to !== undefined) return this.#valueOf(this.#unwrap(to))
    }
    if (this.#tables.type(node) === 'object' && /^\d+$/.test(name)) {
      const element = this.#tables
        .edges(node)
        .find(({ type, index }) => type === 'element' && index === Number(name))
      if (element !== undefined) return this.#valueOf(element.to)
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

  /** Node 26 keeps variables that change in a cell of their own. */
  #unwrap(node: number): number {
    if (this.#tables.name(node) !== 'system / ContextCell') return node
    const held = this.#tables.edges(node).find(({ type, name }) => type !== 'weak' && !shapes.has(name))
    return held?.to ?? node
  }

  #valueOf(node: number): HeapValue {
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

  edges(node: HeapNode): readonly HeapEdge[] {
    const tables = this.#tables
    return tables.edges(node).flatMap((edge): readonly HeapEdge[] => {
      if (edge.type === 'weak' || shapes.has(edge.name)) return []
      if (edge.name === 'parameters_and_registers') return this.#numbered(edge.to, 'internal', 'register')
      if (edge.name === 'table') return this.#numbered(edge.to, 'entry', '')
      if (edge.name === 'bindings') return this.#numbered(edge.to, 'internal', 'bound')
      if (edge.name === 'elements') return []
      return [{ kind: kindOfEdge(edge), name: nameOfEdge(edge), node: this.#unwrap(edge.to) }]
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
        const name = key === undefined ? undefined : this.text(key)
        if (name === undefined) return []
        const holders = tables.retainers(outer.from).map(holder => holder.from)
        return holders
          .filter(holder => this.kind(holder) === 'module')
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
    const held = this.#tables.internal(promise, 'reactions_or_result')
    if (held === undefined) return 'unknown'
    return this.kind(held) === 'reaction' ? 'pending' : 'fulfilled'
  }

  reactions(promise: HeapNode): readonly Reaction[] {
    const reactions: Reaction[] = []
    let at = this.#tables.internal(promise, 'reactions_or_result')
    while (at !== undefined && this.kind(at) === 'reaction' && reactions.length < 10_000) {
      reactions.push(this.#reaction(at))
      at =
        this.#tables.internal(at, 'next') ??
        this.#tables.edges(at).find(({ to }) => this.kind(to) === 'reaction')?.to
    }
    return reactions.reverse()
  }

  #reaction(node: number): Reaction {
    const slots = this.#tables.edges(node).filter(({ type }) => type === 'hidden')
    // In the order of the slots: the store, the handler of a rejection, that of a fulfilment, the derived promise.
    const handlers = slots.filter(({ to }) => this.#tables.type(to) === 'closure').map(({ to }) => to)
    const derived = slots.map(({ to }) => this.#promiseOf(to)).find(promise => promise !== undefined)
    const store = slots.find(
      ({ to }) =>
        this.#tables.type(to) === 'object' &&
        this.kind(to) !== 'promise' &&
        this.#promiseOf(to) === undefined,
    )
    const [first, second] = handlers
    return {
      onRejected: second === undefined ? undefined : first,
      onFulfilled: second ?? first,
      derived,
      asyncContext: store?.to,
    }
  }

  /** The promise itself, or that of a capability. */
  #promiseOf(node: number): HeapNode | undefined {
    if (this.kind(node) === 'promise') return node
    if (this.#tables.name(node) !== 'system / PromiseCapability') return undefined
    return this.#tables.edges(node).find(({ to }) => this.kind(to) === 'promise')?.to
  }

  continuation(closure: HeapNode): Continuation | undefined {
    const builtin = this.#tables.type(closure) === 'closure' ? this.#builtin(closure) : undefined
    const context = builtin === undefined ? undefined : this.#tables.internal(closure, 'context')
    if (builtin === undefined || context === undefined) return undefined
    const held = () =>
      this.#tables.edges(context).filter(({ type }) => type === 'hidden' || type === 'internal')
    if (/^PromiseCapabilityDefault(Resolve|Reject)$/.test(builtin)) {
      const promise = held().find(({ to }) => this.kind(to) === 'promise')?.to
      return promise === undefined
        ? undefined
        : { does: 'settle', promise, rejects: builtin.endsWith('Reject') }
    }
    if (/^Async(Function|Generator)(Await|Yield|Return)/.test(builtin)) {
      const activation = this.#tables.internal(context, 'extension')
      return activation === undefined ? undefined : { does: 'continue', activation }
    }
    const element = /^Promise(AllSettled|All|Any)(Resolve|Reject)ElementClosure$/.exec(builtin)?.[1]
    if (element !== undefined) {
      const promise = held()
        .map(({ to }) => this.#promiseOf(to))
        .find(found => found !== undefined)
      const of = element === 'All' ? 'all' : element === 'Any' ? 'any' : 'allSettled'
      return promise === undefined ? undefined : { does: 'element', of, promise, remaining: undefined }
    }
    if (builtin === 'PromiseThenFinally' || builtin === 'PromiseCatchFinally') {
      const callback = held().find(
        ({ to }) => this.#tables.type(to) === 'closure' && this.#builtin(to) === undefined,
      )
      return { does: 'finally', callback: callback?.to }
    }
    return undefined
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

function kindOfEdge({ type }: RawEdge): HeapEdge['kind'] {
  if (type === 'context') return 'variable'
  return type === 'property' || type === 'element' ? type : 'internal'
}

/** A private field is named as in the source. */
function nameOfEdge({ name, index }: RawEdge): string {
  if (index >= 0) return String(index)
  return name.replace(/^<symbol (#.*)>$/, '$1')
}
