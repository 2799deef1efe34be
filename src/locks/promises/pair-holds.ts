/** Which pairs of calls around the place of a suspended function are the acquisition and the release of one lock. */
import type { Activation, HeapGraph, HeapNode } from '../../heap/graph.ts'
import type { ActivationValues } from './activation-values.ts'
import type { FunctionSource, FunctionSources } from './function-sources.ts'
import type { LockedStore } from './holds.ts'
import { functionsByName, takesFrom, takesNext } from './next-taker.ts'
import { type CallPair, callPairs } from './paired-calls.ts'
import type { CalledThing, SuspendedCode } from './suspended-code.ts'
import { isOfStore, livesIn, reachesByName } from './waiters-store.ts'

export class PairHolds {
  readonly #heap: HeapGraph
  readonly #sources: FunctionSources
  readonly #values: ActivationValues
  readonly #known = new Map<HeapNode, readonly CallPair[]>()

  constructor(heap: HeapGraph, sources: FunctionSources, values: ActivationValues) {
    this.#heap = heap
    this.#sources = sources
    this.#values = values
  }

  /** The pairs around its place, of whatever lock. */
  all(activation: Activation, { source, suspension }: SuspendedCode): readonly CallPair[] {
    const pairs = this.#known.get(activation.node) ?? callPairs(source, suspension)
    this.#known.set(activation.node, pairs)
    return pairs
  }

  /** One pair for each acquisition of the lock that its function has not given back. */
  of(activation: Activation, code: SuspendedCode, lock: LockedStore): readonly CallPair[] {
    const { source } = code
    const found = new Map<CallPair['call']['node'], CallPair>()
    for (const pair of this.all(activation, code)) {
      if (!this.#isOf(activation, source, pair, lock)) continue
      const known = found.get(pair.call.node)
      if (known === undefined || (pair.certain && !known.certain)) found.set(pair.call.node, pair)
    }
    return [...found.values()]
  }

  #isOf(activation: Activation, source: FunctionSource, pair: CallPair, lock: LockedStore): boolean {
    switch (pair.by) {
      case 'thing':
        return this.#isThing(activation, source, pair, lock)
      case 'list':
        return this.#isThing(activation, source, pair, lock) && this.#isOwn(activation, source, pair, lock)
      case 'value':
        return this.#isReleaser(activation, source, pair, lock)
      case 'handed back':
        return this.#takesBack(activation, source, pair.release, lock)
    }
  }

  #isThing(activation: Activation, source: FunctionSource, pair: CallPair, lock: LockedStore): boolean {
    const { call, release, of, inline } = pair
    const acquires =
      inline ||
      (call.method !== '' && lock.methods.has(call.method)) ||
      acquiring.test(call.method || calleeName(call)) ||
      this.#isCallee(activation, source, call, lock)
    if (!acquires) return false
    const thing = this.#values.thing(activation, source, of)
    const isPart =
      thing !== undefined &&
      (lock.parts.has(thing) ||
        [call, release].some(
          ({ method }) => method !== '' && isOfStore(this.#heap, thing, method, lock.parts),
        ))
    if (!lock.keyed) return isPart && this.#lets(activation, source, release, lock)
    const given = [call, release].every(one =>
      one.arguments.some(argument => {
        const key = this.#values.primitive(activation, source, argument)
        return key !== undefined && String(key) === lock.key
      }),
    )
    return (
      given &&
      (isPart || this.#isCallee(activation, source, call, lock)) &&
      this.#lets(activation, source, release, lock)
    )
  }

  /** The release is a function of the lock, by the scope that it runs in. */
  #isOwn(activation: Activation, source: FunctionSource, { release }: CallPair, lock: LockedStore): boolean {
    const called = this.#values.of(activation, source, release.target, '')
    return (
      called !== undefined && (livesIn(this.#heap, called, lock) || reachesByName(this.#heap, called, lock))
    )
  }

  /** The function by which the waiters came to wait. */
  #isCallee(activation: Activation, source: FunctionSource, call: CalledThing, lock: LockedStore): boolean {
    if (call.method !== '') return false
    const called = this.#values.of(activation, source, call.target, '')
    const place = called === undefined ? undefined : this.#heap.code(called)?.place
    return place !== undefined && lock.callees.has(`${place.scriptId}:${place.line}:${place.column}`)
  }

  /** What was awaited has a function of the lock, or the lock itself, and the method that is called later on uses it. */
  #isReleaser(
    activation: Activation,
    source: FunctionSource,
    { of, release, since }: CallPair,
    lock: LockedStore,
  ): boolean {
    const heap = this.#heap
    const thing = this.#values.thing(activation, source, of)
    const candidates =
      thing === undefined
        ? activation.registers.flatMap(value =>
            value.kind === 'node' && heap.has(value.node, release.method) ? [value.node] : [],
          )
        : [thing]
    const found = new Set(
      candidates.filter(node => {
        if (heap.kind(node) !== 'object' || lock.parts.has(node)) return false
        const link = this.#linkTo(node, lock)
        const uses = (method: string) =>
          link !== undefined && (method === link || this.#methodMentions(node, method, link))
        return uses(release.method) && !since.some(({ method }) => uses(method))
      }),
    )
    return found.size === 1
  }

  /** The name of the property by which an object leads to the lock. */
  #linkTo(node: HeapNode, lock: LockedStore): string | undefined {
    const heap = this.#heap
    return heap.edges(node).find(({ kind, name, node: to }) => {
      if (kind !== 'property' || name === 'constructor') return false
      if (lock.parts.has(to)) return true
      return /function$/.test(heap.kind(to)) && livesIn(heap, to, lock)
    })?.name
  }

  #methodMentions(node: HeapNode, method: string, name: string): boolean {
    const called = this.#heap.method(node, method)
    return (
      called !== undefined &&
      this.#sources.ofNode(called) !== undefined &&
      this.#sources.mentions(called, name)
    )
  }

  /** `pool.release(connection)`: of the pool, by what takes the next one from its queue. */
  #takesBack(
    activation: Activation,
    source: FunctionSource,
    release: CalledThing,
    lock: LockedStore,
  ): boolean {
    if (lock.keyed) return false
    if (release.method === '') {
      const called = this.#values.of(activation, source, release.target, '')
      const own = called === undefined ? undefined : this.#sources.ofNode(called)
      if (called === undefined || own === undefined || !takesNext(own, lock.names)) return false
      return livesIn(this.#heap, called, lock) || reachesByName(this.#heap, called, lock)
    }
    const target = this.#values.thing(activation, source, release.target)
    return (
      target !== undefined &&
      isOfStore(this.#heap, target, release.method, lock.parts) &&
      this.#lets(activation, source, release, lock)
    )
  }

  /** Whether a call takes the next one from the queue, by the text of what is called. */
  #lets(activation: Activation, source: FunctionSource, release: CalledThing, lock: LockedStore): boolean {
    const { target, method } = release
    if (method === '') {
      const called = this.#values.of(activation, source, target, '')
      const own = called === undefined ? undefined : this.#sources.ofNode(called)
      return own !== undefined && takesNext(own, lock.names)
    }
    if (takesFrom(source.syntax.textOf(release.node), lock.names)) return true
    const thing = this.#values.thing(activation, source, target)
    const called = thing === undefined ? undefined : this.#heap.method(thing, method)
    if (called !== undefined) {
      const own = this.#sources.ofNode(called)
      return own !== undefined && takesNext(own, lock.names)
    }
    return (
      method.startsWith('#') &&
      (functionsByName(source).get(method) ?? []).some(fn => takesNext(source, lock.names, fn))
    )
  }
}

function calleeName({ target }: CalledThing): string {
  return target.type === 'Identifier' ? target.name : ''
}

/** Names of methods that take a lock, where the waiters came by another one of the same object. */
export const acquiring =
  /^[#_]*(?:acquire|lock|enter|obtain|reserve|checkout|runExclusive|connect|getConnection|down|take)(?:$|[A-Z_])/
