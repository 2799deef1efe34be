/** Who is in a lock that runs its holders itself: a queue's jobs, and the loops that take one after another out of it. */
import { type AwaitGraph, nodeOf, scopesOutward } from '../../heap/await-graph.ts'
import type { Activation, HeapGraph, HeapNode } from '../../heap/graph.ts'
import { isLoop, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import type { ActivationValues } from './activation-values.ts'
import { FunctionSources } from './function-sources.ts'
import type { LockedStore } from './holds.ts'
import { ownText, takesFrom, takesNext } from './next-taker.ts'
import { scopesOf } from './scopes.ts'
import { calledThing, type SuspendedCode } from './suspended-code.ts'
import { livesIn, reachesByName } from './waiters-store.ts'

/** Promises that are settled with the one that a job returned. */
const mostPromises = 24
const mostCalls = 4
const mostCalled = 12
const mostScopes = 20

export class LetIn {
  readonly #graph: AwaitGraph
  readonly #heap: HeapGraph
  readonly #sources: FunctionSources
  readonly #values: ActivationValues
  readonly #near = new WeakMap<ReadonlySet<HeapNode>, ReadonlySet<HeapNode>>()
  readonly #around = new Map<HeapNode, ReadonlySet<HeapNode>>()
  readonly #queued = new WeakMap<LockedStore, ReadonlySet<string>>()
  readonly #afterwards = new Map<HeapNode, readonly HeapNode[]>()

  constructor(graph: AwaitGraph, sources: FunctionSources, values: ActivationValues) {
    this.#graph = graph
    this.#heap = graph.heap
    this.#sources = sources
    this.#values = values
  }

  /** Why a suspended function is one that the lock has let in; undefined where nothing shows it. */
  of(activation: Activation, code: SuspendedCode | undefined, lock: LockedStore): string | undefined {
    return (
      this.#runs(activation, lock) ??
      this.#lets(activation, lock) ??
      this.#surrounds(activation, lock) ??
      (code && this.#consumes(activation, code, lock))
    )
  }

  /** Whether anything about a function could show that some lock has let it in; `queued`: what waits in the queues of them all. */
  mayBe(activation: Activation, code: SuspendedCode | undefined, queued: ReadonlySet<string>): boolean {
    return (
      queued.has(FunctionSources.keyOf(activation.code) ?? '') ||
      this.#after(activation.node).length > 0 ||
      this.#heap.kind(activation.node) === 'object' ||
      (code !== undefined && loopAround(code) !== undefined)
    )
  }

  /** The texts of what waits in the queues of all the locks. */
  queuedIn(locks: readonly LockedStore[]): ReadonlySet<string> {
    return new Set(locks.flatMap(lock => [...this.#textsQueued(lock)]))
  }

  /** It is the same function as those that wait in the queue to be run, of the same queue. */
  #runs(activation: Activation, lock: LockedStore): string | undefined {
    const own = FunctionSources.keyOf(activation.code)
    if (own === undefined || !this.#textsQueued(lock).has(own)) return undefined
    const { receiver } = activation
    const isOwn = receiver.kind === 'node' && lock.parts.has(receiver.node)
    if (!isOwn && !livesIn(this.#heap, activation.function, lock)) return undefined
    return `it was let in: ${activation.code.name || 'its function'} is what the others in the queue wait to have run`
  }

  /** The texts of the functions that wait in the queue to be run, and of those that they call. */
  #textsQueued(lock: LockedStore): ReadonlySet<string> {
    const known = this.#queued.get(lock)
    if (known !== undefined) return known
    const queued = [...lock.functions, ...lock.runsNext]
    // What waits in the queue may call the function, in a scope or a hook's.
    const waiting = [...queued, ...queued.flatMap(one => wrappedIn(this.#heap, one))]
    const texts = new Set(waiting.flatMap(one => FunctionSources.keyOf(this.#heap.code(one)) ?? []))
    this.#queued.set(lock, texts)
    return texts
  }

  /** When it returns, a function of the lock runs that takes the next one from the queue. */
  #lets({ node }: Activation, lock: LockedStore): string | undefined {
    return this.#after(node).some(called => this.frees(called, lock))
      ? 'when it returns, the function that takes the next one from the queue runs'
      : undefined
  }

  #after(node: HeapNode): readonly HeapNode[] {
    const afterwards = this.#afterwards.get(node) ?? this.#runAfter(node)
    this.#afterwards.set(node, afterwards)
    return afterwards
  }

  /** The functions that run when a suspended one has returned. */
  #runAfter(node: HeapNode): readonly HeapNode[] {
    const after: HeapNode[] = []
    const seen = new Set<HeapNode>(this.#graph.returns(node))
    for (const promise of seen) {
      if (seen.size > mostPromises) return after
      for (const { onFulfilled, onRejected, derived } of this.#heap.reactions(promise)) {
        let goesOn = true
        for (const handler of [onFulfilled, onRejected]) {
          if (handler === undefined) continue
          const does = this.#heap.continuation(handler)
          const called = does === undefined ? handler : does.does === 'finally' ? does.callback : undefined
          if (called !== undefined) after.push(called)
          // Who awaits it is looked at itself.
          if (does?.does === 'continue' || does?.does === 'element') goesOn = false
          if (does?.does === 'settle') seen.add(does.promise)
        }
        if (goesOn && derived !== undefined) seen.add(derived)
      }
    }
    return after
  }

  /** Whether a function takes the next one from the queue, or calls one that does: of its scopes, or of the objects in them. */
  frees(called: HeapNode, lock: LockedStore): boolean {
    if (!this.#mayFree(called, lock)) return false
    const seen = new Set([called])
    let level: readonly HeapNode[] = [called]
    for (let depth = 0; depth < mostCalls && level.length > 0; depth++) {
      for (const node of level) {
        const source = this.#sources.ofNode(node)
        const isOwn = livesIn(this.#heap, node, lock) || reachesByName(this.#heap, node, lock)
        if (source !== undefined && isOwn && takesNext(source, lock.names)) return true
      }
      level = level.flatMap(node => this.#calledBy(node)).filter(node => !seen.has(node) && seen.add(node))
    }
    return false
  }

  /** There may be hundreds of locks and thousands of functions: most have nothing to do with each other. */
  #mayFree(called: HeapNode, lock: LockedStore): boolean {
    let near = this.#near.get(lock.parts)
    if (near === undefined) {
      near = scopesOfParts(this.#heap, lock.parts)
      this.#near.set(lock.parts, near)
    }
    let around = this.#around.get(called)
    if (around === undefined) {
      around = this.scopesAround(called)
      this.#around.set(called, around)
    }
    for (const one of around) if (near.has(one)) return true
    return false
  }

  /** The scopes, and objects bound, by which a function and those that it calls can come to any lock. */
  scopesAround(called: HeapNode): ReadonlySet<HeapNode> {
    const heap = this.#heap
    const around = new Set<HeapNode>()
    const seen = new Set([called])
    let level: readonly HeapNode[] = [called]
    for (let depth = 0; depth < mostCalls && level.length > 0; depth++) {
      for (const node of level) {
        const bound = heap.kind(node) === 'bound function' ? nodeOf(heap, node, 'this') : undefined
        if (bound !== undefined) around.add(bound)
        const inner = nodeOf(heap, nodeOf(heap, node, 'bound_function') ?? node, 'context')
        for (const scope of scopesOutward(heap, inner, mostScopes)) around.add(scope)
      }
      level = level.flatMap(node => this.#calledBy(node)).filter(node => !seen.has(node) && seen.add(node))
    }
    return around
  }

  /** What `done()` and `task.release()` in the text of a function call, where `done` and `task` are variables of its scopes. */
  #calledBy(node: HeapNode): readonly HeapNode[] {
    const source = this.#sources.ofNode(node)
    if (source === undefined) return []
    const scopes = scopesOf(this.#heap, node)
    const variable = (name: string) => {
      for (const scope of scopes) {
        const value = this.#heap.value(scope, name)
        if (value !== undefined) return value.kind === 'node' ? value.node : undefined
      }
      return undefined
    }
    const called: HeapNode[] = []
    const text = source.syntax.textOf(source.fn)
    for (const [, object, name] of text.matchAll(/(?<![\w$.])(?:([\w$]+)\.)?([\w$]+)\s*\(/g)) {
      const target = variable(object ?? name!)
      // `done.apply(null, results)`
      const isItself = object === undefined || /^(?:apply|call)$/.test(name!)
      const method = target === undefined || isItself ? target : this.#heap.method(target, name!)
      if (method !== undefined && /function$/.test(this.#heap.kind(method))) called.push(method)
    }
    return called.slice(0, mostCalled)
  }

  /**
   * A method of the lock that a compiler turned into a state machine, in which nothing shows where it stands: it acquires and
   * releases, and what it awaits now is a function that it was given.
   */
  #surrounds({ node, code, receiver, function: body }: Activation, lock: LockedStore): string | undefined {
    if (this.#heap.kind(node) !== 'object' || receiver.kind !== 'node' || !lock.parts.has(receiver.node))
      return undefined
    const source = this.#sources.ofNode(body)
    const text = source?.syntax.textOf(source.fn) ?? ''
    if (
      !/\bacquire|\block\w*\(/i.test(text) ||
      !/releas|unlock/i.test(text) ||
      !/endfinally|\btrys\b/.test(text)
    )
      return undefined
    const awaited = this.#graph.awaited(node)
    const given = awaited === undefined ? [] : this.#graph.settlements(awaited)
    const runs = given.some(one => {
      const called = one.by === 'activation' ? this.#graph.activations.get(one.activation) : undefined
      return called?.code.place !== undefined && called.code.place.scriptId !== code.place?.scriptId
    })
    return runs
      ? 'it runs inside of a method of the lock that acquires before and releases afterwards'
      : undefined
  }

  /** A loop of the queue's own that takes the next one when it is done with this one, and nobody else that does. */
  #consumes(activation: Activation, code: SuspendedCode, lock: LockedStore): string | undefined {
    const { source } = code
    const { receiver, function: fn } = activation
    const isOwn = receiver.kind === 'node' && lock.parts.has(receiver.node)
    if (lock.keyed || !(isOwn || livesIn(this.#heap, fn, lock))) return undefined
    const { syntax } = source
    const loop = loopAround(code)
    const takes = loop && this.#takesIn(activation, source, loop, lock)
    if (takes === undefined) return undefined
    const others = syntax.functions.filter(
      other =>
        other !== source.fn &&
        !(other.start <= source.fn.start && source.fn.end <= other.end) &&
        takesFrom(ownText(syntax, other), lock.names),
    )
    return others.length > 0
      ? undefined
      : `it takes one after another out of the queue (${syntax.textOf(takes).slice(0, 40)}), and is not yet done with the last one`
  }

  #takesIn(
    activation: Activation,
    source: SuspendedCode['source'],
    loop: Node,
    lock: LockedStore,
  ): Node | undefined {
    for (const node of walkOwn(loop)) {
      const called = calledThing(node)
      if (called === undefined || called.node !== node) continue
      const text = source.syntax.textOf(node)
      if (!takesFrom(text, lock.names)) continue
      const target = this.#values.thing(activation, source, called.target)
      if (target !== undefined && lock.parts.has(target)) return node
    }
    return undefined
  }
}

/** The outermost loop of its own that a function stands in. */
function loopAround({ source: { syntax, fn }, suspension }: SuspendedCode): Node | undefined {
  return [...syntax.ancestors(suspension)].findLast(node => isLoop(node) && syntax.ownerOf(node) === fn)
}

/** Functions that a function calls or wraps, by the variables of its innermost scope. */
function wrappedIn(heap: HeapGraph, node: HeapNode): readonly HeapNode[] {
  const [scope] = scopesOf(heap, node)
  return scope === undefined
    ? []
    : heap
        .edges(scope)
        .flatMap(edge => (edge.kind === 'variable' && heap.kind(edge.node) === 'function' ? [edge.node] : []))
}

/** The parts of a lock, and the scopes with a variable for one of them. */
export function scopesOfParts(heap: HeapGraph, parts: ReadonlySet<HeapNode>): ReadonlySet<HeapNode> {
  const near = new Set(parts)
  for (const part of parts)
    for (const { kind, node } of heap.retainers(part)) if (kind === 'variable') near.add(node)
  return near
}
