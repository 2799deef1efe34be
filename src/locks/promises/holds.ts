/**
 * Who holds a promise lock, by what its suspended functions will do when they go on: give back what they acquired by a call of
 * the same kind as the waiters', or, where the lock runs its holders itself, let the next one in.
 */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { Activation, HeapGraph, HeapNode } from '../../heap/graph.ts'
import type { Node } from '../../sources/syntax-tree.ts'
import type { ActivationValues } from './activation-values.ts'
import { exportedTarget } from './call-target.ts'
import { FunctionSources } from './function-sources.ts'
import type { Acquisition, SuspendedCode } from './suspended-code.ts'
import { isOfStore, scopesOf, type WaitersStore } from './waiters-store.ts'

/** A lock with what is known of its waiters. */
export interface LockedStore extends WaitersStore {
  /** Names of the calls by which anybody waits for it. */
  readonly methods: ReadonlySet<string>
  /** What they call it on, where that is imported. */
  readonly targets: ReadonlySet<string>
  /** Functions that run as soon as a waiter is let in. */
  readonly runsNext: readonly HeapNode[]
}

export interface LockHold {
  readonly activation: Activation
  /** The call that acquired it, in the text of the function. */
  readonly acquired: Node | undefined
  readonly evidence: string
}

export class Holds {
  readonly #graph: AwaitGraph
  readonly #heap: HeapGraph
  readonly #sources: FunctionSources
  readonly #values: ActivationValues
  readonly #codes: (activation: Activation) => SuspendedCode | undefined

  constructor(
    graph: AwaitGraph,
    sources: FunctionSources,
    values: ActivationValues,
    codes: (activation: Activation) => SuspendedCode | undefined,
  ) {
    this.#graph = graph
    this.#heap = graph.heap
    this.#sources = sources
    this.#values = values
    this.#codes = codes
  }

  /** The units that a suspended function holds of a lock. */
  of(activation: Activation, lock: LockedStore): readonly LockHold[] {
    const code = this.#codes(activation)
    const acquired = code?.held.filter(one => this.#isOf(activation, code, one, lock)) ?? []
    if (acquired.length > 0)
      return acquired.map(({ call, release, certain }) => ({
        activation,
        acquired: call.node,
        evidence: `it awaited ${shown(code!, call.node)} and calls ${shown(code!, release.node)} ${certain ? 'in a finally' : 'later on'}`,
      }))
    const run =
      this.#runs(activation, lock) ?? this.#lets(activation, lock) ?? this.#surrounds(activation, lock)
    return run === undefined ? [] : [{ activation, acquired: undefined, evidence: run }]
  }

  #isOf(
    activation: Activation,
    { source }: SuspendedCode,
    { call, release }: Acquisition,
    lock: LockedStore,
  ): boolean {
    if (!lock.methods.has(call.method) && !acquiring.test(call.method)) return false
    // Lists in a list are told apart by no argument where there is none: by weight, by priority.
    const unkeyed = call.arguments.length === 0 && /^\d+$/.test(lock.key ?? '')
    if (lock.keyed && !unkeyed) {
      const key = call.arguments[0] && this.#values.primitive(activation, source, call.arguments[0])
      if (key === undefined || String(key) !== lock.key) return false
    }
    const target = this.#values.of(activation, source, call.target, call.method)
    if (target !== undefined) return isOfStore(this.#heap, target, call.method, lock.parts)
    if (this.#values.isKnown(activation, source, call.target)) return false
    // Which of several locks in variables without a name it is, the function tells that gives it back.
    if (release.target.type === 'Identifier' && release.method === '')
      return this.#values.functions(activation).some(node => this.#isMadeBy(node, activation, lock))
    const imported = exportedTarget(activation, source, call.target)
    return imported !== undefined && lock.targets.has(imported)
  }

  /** A function that the lock's own code made: it runs in a scope with the lock, and its text is not the program's. */
  #isMadeBy(node: HeapNode, { code }: Activation, lock: LockedStore): boolean {
    const place = this.#heap.code(node)?.place
    return place !== undefined && place.scriptId !== code.place?.scriptId && this.#livesIn(node, lock)
  }

  /** It is the same function as those that wait in the queue to be run, of the same queue. */
  #runs(activation: Activation, lock: LockedStore): string | undefined {
    const waiting = [...lock.functions, ...lock.runsNext]
    const same = waiting.some(one => FunctionSources.same(this.#heap.code(one), activation.code))
    if (!same) return undefined
    const { receiver } = activation
    const isOwn = receiver.kind === 'node' && lock.parts.has(receiver.node)
    if (!isOwn && !this.#livesIn(activation.function, lock)) return undefined
    return `it was let in: ${activation.code.name || 'its function'} is what the others in the queue wait to have run`
  }

  /** When it returns, a function of the lock runs that takes the next one from the queue. */
  #lets(activation: Activation, lock: LockedStore): string | undefined {
    for (const promise of this.#graph.returns(activation.node)) {
      for (const { onFulfilled, onRejected } of this.#heap.reactions(promise)) {
        for (const handler of [onFulfilled, onRejected]) {
          if (handler === undefined || this.#heap.continuation(handler) !== undefined) continue
          if (this.#livesIn(handler, lock) && this.#takesNext(handler, lock))
            return 'when it returns, the function that takes the next one from the queue runs'
        }
      }
    }
    return undefined
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

  /** Whether a function runs in a scope of the lock, or in one with a variable for it; of a queue with a key, for that key. */
  #livesIn(node: HeapNode, lock: LockedStore): boolean {
    let lives = false
    let keyed = !lock.keyed
    for (const scope of scopesOf(this.#heap, node)) {
      lives ||= lock.parts.has(scope)
      for (const edge of this.#heap.edges(scope)) {
        if (edge.kind !== 'variable') continue
        lives ||= lock.parts.has(edge.node)
        keyed ||= lock.key !== undefined && this.#heap.text(edge.node) === lock.key
      }
    }
    return lives && keyed
  }

  /** Whether a function, or one that it calls in its script, takes something out of a field that the waiters are in. */
  #takesNext(handler: HeapNode, lock: LockedStore): boolean {
    const source = this.#sources.ofNode(handler)
    if (source === undefined) return false
    const { syntax } = source
    const byName = new Map(
      syntax.functions.flatMap(fn => nameOf(syntax, fn).map(name => [name, fn] as const)),
    )
    const seen = new Set<Node>()
    let level: readonly Node[] = [source.fn]
    for (let depth = 0; depth < 5 && level.length > 0; depth++) {
      const next: Node[] = []
      for (const fn of level) {
        if (seen.has(fn)) continue
        seen.add(fn)
        const text = syntax.textOf(fn)
        if (lock.fields.some(field => text.includes(field)) && taking.test(text)) return true
        for (const [, name] of text.matchAll(/([\w$#]+)\s*\(/g)) {
          const called = byName.get(name!)
          if (called !== undefined) next.push(called)
        }
      }
      level = next
    }
    return false
  }
}

/** Names of methods that take a lock, where the waiters came by another one of the same object. */
const acquiring =
  /^(?:acquire|lock|enter|obtain|reserve|checkout|runExclusive|connect|getConnection|down|take)(?:$|[A-Z_])/

const taking = /\.\s*(?:shift|pop|dequeue|splice|poll|shiftBack|next|takeFirst|removeFirst)\s*\(/

function nameOf(syntax: { parentOf(node: Node): Node | undefined }, fn: Node): readonly string[] {
  if ('id' in fn && fn.id && typeof fn.id === 'object' && 'name' in fn.id) return [String(fn.id.name)]
  const parent = syntax.parentOf(fn)
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return [parent.id.name]
  if (
    parent?.type === 'MethodDefinition' ||
    parent?.type === 'Property' ||
    parent?.type === 'PropertyDefinition'
  ) {
    const { key } = parent
    if (key.type === 'Identifier') return [key.name]
    if (key.type === 'PrivateIdentifier') return [`#${key.name}`]
  }
  if (parent?.type === 'AssignmentExpression' && parent.left.type === 'MemberExpression') {
    const { property } = parent.left
    if (property.type === 'Identifier') return [property.name]
  }
  return []
}

function shown({ source }: SuspendedCode, node: Node): string {
  const text = source.syntax.textOf(node).replace(/\s+/g, ' ')
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
