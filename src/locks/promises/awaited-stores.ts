/** In what the waiters of a promise lock are kept, whose lock that is, and by which calls they came to wait. */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { Activation, HeapGraph, HeapNode } from '../../heap/graph.ts'
import type { Leaf, Task } from '../../heap/tasks.ts'
import type { Node } from '../../sources/syntax-tree.ts'
import type { ActivationValues } from './activation-values.ts'
import { exportedTarget } from './call-target.ts'
import type { LockedStore, LockHold } from './holds.ts'
import type { ResolverReaches } from './resolver-reach.ts'
import type { CalledThing, SuspendedCode } from './suspended-code.ts'
import { functionsBefore, isOfStore, waitersStore } from './waiters-store.ts'
import { callsOf } from './waiting-calls.ts'

const handing = 'only it has the function that settles what the waiter awaits, and it calls that later on'

const mostStores = 6

/** A lock as one of its waiters shows it. */
export interface WaitedStore extends LockedStore {
  /** Holders that are known by the waiter's promise itself. */
  readonly holds?: readonly LockHold[]
  /** The function that waits and the expression that it calls, for a name. */
  readonly label: { readonly activation: Activation; readonly target: Node | undefined } | undefined
}

type Settled = Extract<Leaf, { kind: 'settled' }>

export class AwaitedStores {
  readonly #graph: AwaitGraph
  readonly #values: ActivationValues
  readonly #reaches: ResolverReaches
  readonly #codeOf: (activation: Activation) => SuspendedCode | undefined

  constructor(
    graph: AwaitGraph,
    values: ActivationValues,
    reaches: ResolverReaches,
    codeOf: (activation: Activation) => SuspendedCode | undefined,
  ) {
    this.#graph = graph
    this.#values = values
    this.#reaches = reaches
    this.#codeOf = codeOf
  }

  /** Undefined where a promise is settled by nobody who takes waiters from anywhere. */
  of(leaf: Settled, task: Task): WaitedStore | undefined {
    return this.#storeOf(leaf, task) ?? this.#handedOut(leaf, task)
  }

  /**
   * A lock that is a chain of promises: who is in has the function that settles the promise which the next one awaits, and
   * calls it when it is done.
   */
  #handedOut({ promise }: Settled, task: Task): WaitedStore | undefined {
    const { stores, timers, io, roots, activations } = this.#reaches.of(promise)
    if (stores.length + timers.length + io.length + roots.length > 0) return undefined
    const calls = callsOf(task, this.#codeOf)
    const methods = new Set(calls.map(({ call }) => call.method))
    const held = activations.flatMap(node => {
      const activation = this.#graph.activations.get(node)
      const code = activation && this.#codeOf(activation)
      const given = code?.held.find(
        ({ call, release }) => methods.has(call.method) && givesWhatItGot(release),
      )
      return activation && given ? [{ activation, acquired: given.call.node, evidence: handing }] : []
    })
    if (held.length === 0) return undefined
    const label = calls.findLast(({ own, call }) => own && call.target.type !== 'ThisExpression')
    return {
      container: promise,
      owner: undefined,
      parts: new Set<HeapNode>(),
      counting: new Set<HeapNode>(),
      key: undefined,
      keyed: false,
      fields: [],
      functions: [],
      runsNext: [],
      methods,
      targets: new Set<string>(),
      callees: new Set<string>(),
      names: [],
      holds: held,
      label: label && { activation: label.activation, target: label.call.target },
    }
  }

  /** Where the waiter is kept until somebody lets it in. */
  #storeOf({ promise }: Settled, task: Task): WaitedStore | undefined {
    const { heap } = this.#graph
    const values = this.#values
    const { stores, io } = this.#reaches.of(promise)
    const [start] = stores
    if (start === undefined || io.length > 0) return undefined
    const calls = callsOf(task, this.#codeOf)
    const methods = new Set(calls.map(({ call }) => call.method))
    const targets = new Set(
      calls.flatMap(({ activation, call, source }) => exportedTarget(activation, source, call.target) ?? []),
    )
    const callees = new Set(
      calls.flatMap(({ activation, call, source }) => {
        const called =
          call.method === '' ? values.of(activation, source, call.target, call.method) : undefined
        const place = called === undefined ? undefined : heap.code(called)?.place
        return place === undefined ? [] : [`${place.scriptId}:${place.line}:${place.column}`]
      }),
    )
    const given = new Set(
      calls.flatMap(({ activation, call, source }) =>
        call.method === ''
          ? call.arguments.flatMap(argument => values.thing(activation, source, argument) ?? [])
          : [],
      ),
    )
    const texts = scriptTexts(task, heap, start)
    const isStatic = (name: string) => texts.some(text => spelled(name).test(text))
    // Of several ways outwards the one to the object whose method is awaited.
    const found = stores.slice(0, mostStores).map(one => waitersStore(heap, one, methods, isStatic, given))
    const store = found.find(({ owner }) => owner !== undefined) ?? found[0]!
    // The call by which the program came to wait; inside of a library that of the library's own.
    const named = calls.filter(({ call, activation, source }) => {
      const target = values.of(activation, source, call.target, call.method)
      return target !== undefined && isOfStore(heap, target, call.method, store.parts)
    })
    const label = named.find(({ own }) => own) ?? named[0]
    const reactions = heap.reactions(promise).flatMap(one => one.onFulfilled ?? [])
    return {
      ...store,
      methods,
      targets,
      callees,
      functions: stores.flatMap(one => functionsBefore(heap, one)),
      runsNext: reactions.filter(node => heap.continuation(node) === undefined),
      label: label && { activation: label.activation, target: label.call.target },
    }
  }
}

/** `release()`, `lock.release()`, of what the acquisition gave. */
function givesWhatItGot({ target }: CalledThing): boolean {
  return target.type === 'Identifier'
}

/** A field as source text has it: `.queue`, `queue:`. */
function spelled(name: string): RegExp {
  const word = name.replace(/[^\w]/g, '\\$&')
  return new RegExp(`\\.\\s*${word}(?![\\w$])|(?<![\\w$.'"])${word}\\s*[:=;]`)
}

/** The same lock, as two of its waiters show it. */
export function merged<Lock extends LockedStore>(lock: Lock, other: LockedStore): Lock {
  return {
    ...lock,
    methods: new Set([...lock.methods, ...other.methods]),
    targets: new Set([...lock.targets, ...other.targets]),
    callees: new Set([...lock.callees, ...other.callees]),
    names: [...new Set([...lock.names, ...other.names])],
    parts: new Set([...lock.parts, ...other.parts]),
    counting: new Set([...lock.counting, ...other.counting]),
    functions: [...lock.functions, ...other.functions],
    runsNext: [...lock.runsNext, ...other.runsNext],
  }
}

function scriptTexts(
  { activations }: Task,
  heap: HeapGraph,
  start: { readonly node: HeapNode; readonly before: unknown } | undefined,
): readonly string[] {
  const scripts = new Set(activations.flatMap(({ code }) => code.place?.scriptId ?? []))
  for (let at = start; at !== undefined; at = at.before as typeof start) {
    const script = heap.code(at.node)?.place?.scriptId
    if (script !== undefined) scripts.add(script)
  }
  return [...scripts].flatMap(script => heap.scriptSource(script) ?? [])
}
