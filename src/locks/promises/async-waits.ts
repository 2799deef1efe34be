/**
 * The suspended functions of one heap as tasks, the promise locks among what they wait for, and who holds these: worked out
 * from the heap and from source text, for whatever library or hand-written class the locks are of.
 */
import { AwaitGraph } from '../../heap/await-graph.ts'
import type { Activation, HeapGraph, HeapNode, HeapPlace } from '../../heap/graph.ts'
import { type Leaf, leavesOf, Needs, type Task, tasksOf } from '../../heap/tasks.ts'
import { isCall, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import { ActivationValues } from './activation-values.ts'
import { awaitPlace } from './await-place.ts'
import { exportedTarget } from './call-target.ts'
import { type FunctionSource, FunctionSources } from './function-sources.ts'
import { Holds, type LockedStore, type LockHold } from './holds.ts'
import { LetIn } from './let-in.ts'
import { pendingCallbacks } from './pending-callbacks.ts'
import { type Reach, ResolverReaches } from './resolver-reach.ts'
import { returnedCalls } from './returned-calls.ts'
import {
  type CalledThing,
  calledThing,
  onlySuspension,
  type SuspendedCode,
  suspendedCode,
} from './suspended-code.ts'
import { type Units, unitsOf } from './units.ts'
import { UnseenJobs } from './unseen-jobs.ts'
import { functionsBefore, isOfStore, waitersStore } from './waiters-store.ts'

export interface PromiseLock extends LockedStore {
  readonly units: Units
  readonly holds: readonly LockHold[]
  /** Promises of jobs that it has let in and that are no suspended functions. */
  readonly unseen: readonly HeapNode[] | 'too many'
  /** The task that waits and the expression that it calls, for a name. */
  readonly waiting: readonly { readonly task: Task; readonly promise: HeapNode }[]
  readonly label: { readonly activation: Activation; readonly target: Node | undefined } | undefined
}

export interface AsyncWaits {
  readonly graph: AwaitGraph
  readonly tasks: readonly Task[]
  readonly locks: readonly PromiseLock[]
  readonly sources: FunctionSources
  /** By promise. */
  lockOf(promise: HeapNode): PromiseLock | undefined
  reachOf(promise: HeapNode): Reach
  codeOf(activation: Activation): SuspendedCode | undefined
  placeOf(activation: Activation): HeapPlace | undefined
  /** Why it is not sure at which place a function stands; undefined where it is. */
  doubtOf(activation: Activation): string | undefined
}

const workedOut = 'at which await it stands is not told by the heap, but worked out from what it waits for'

const handing = 'only it has the function that settles what the waiter awaits, and it calls that later on'

const passedOn =
  'when the promise that it returned is settled, the function that takes the next one from the queue runs'

const mostStores = 6

/** So many suspended functions are asked where they stand, where that costs a walk over the heap each. */
const mostAsked = 120

export async function asyncWaits(heap: HeapGraph): Promise<AsyncWaits> {
  const graph = new AwaitGraph(heap)
  const sources = new FunctionSources(heap)
  const reaches = new ResolverReaches(graph, sources)
  const needs = new Needs(graph, promise => {
    const { reactions, timers, io, activations, stores, roots } = reaches.of(promise)
    return {
      reactions,
      elsewhere: timers.length + io.length + activations.length + stores.length + roots.length > 0,
    }
  })
  const tasks = [...tasksOf(graph, needs)].sort((one, other) => Number(isNodes(one)) - Number(isNodes(other)))
  const places = await placesOf(heap, tasks, sources)
  const codes = new Map<HeapNode, SuspendedCode | undefined>()
  const codeOf = (activation: Activation) => {
    if (!codes.has(activation.node)) codes.set(activation.node, read(activation, sources, places))
    return codes.get(activation.node)
  }
  const values = new ActivationValues(heap)
  const inferred = inferPlaces()
  const letIn = new LetIn(graph, sources, values)
  const holds = new Holds(graph, sources, values, letIn, codeOf)
  const callbacks = pendingCallbacks(heap)
  const unseen = new UnseenJobs(callbacks, letIn, promise => needs.of(promise))
  const returned =
    callbacks === 'too many' ? [] : returnedCalls(graph, sources, callbacks, one => needs.of(one))
  for (const { activation, code } of returned) codes.set(activation.node, code)
  const found = new Map<HeapNode, PromiseLock & { waiting: { task: Task; promise: HeapNode }[] }>()
  const byPromise = new Map<HeapNode, PromiseLock>()
  // A generator that stands at a `yield` waits for nothing, and may hold something all the same.
  const yielding = [...graph.activations.values()].filter(
    ({ node, kind }) => kind !== 'async function' && graph.awaited(node) === undefined,
  )
  const all = [...tasks.flatMap(({ activations }) => activations), ...yielding]
  for (const task of [...tasks, ...returned.map(one => one.task)]) {
    for (const leaf of leavesOf(task.need)) {
      const store = leaf.kind === 'settled' ? (storeOf(leaf, task) ?? handedOut(leaf, task)) : undefined
      if (store === undefined || leaf.kind !== 'settled') continue
      const known = found.get(store.container)
      const lock = known ?? {
        holds: [],
        ...store,
        waiting: [],
        unseen: [],
        units: unitsOf(heap, store.counting),
      }
      lock.waiting.push({ task, promise: leaf.promise })
      found.set(store.container, known === undefined ? lock : merged(lock, store))
    }
  }
  const withHolds = [...found.values()].map((lock): PromiseLock => {
    if (lock.holds.length > 0) return lock
    const inside = returned.filter(one => one.callbacks.some(callback => letIn.frees(callback, lock)))
    const held = [
      ...all.flatMap(one => holds.of(one, lock)),
      ...inside.map(({ activation }) => ({ activation, acquired: undefined, evidence: passedOn })),
    ]
    return { ...lock, holds: held, unseen: held.length === 0 ? [] : unseen.of(lock, held) }
  })
  // Calls that hold nothing are no news.
  const holding = new Set(withHolds.flatMap(lock => lock.holds.map(({ activation }) => activation.node)))
  const calls = returned.filter(({ activation }) => holding.has(activation.node)).map(({ task }) => task)
  const told = new Set([...tasks, ...calls])
  const locks = withHolds.flatMap(lock => {
    const waiting = lock.waiting.filter(({ task }) => told.has(task))
    return waiting.length === 0 ? [] : [{ ...lock, waiting }]
  })
  for (const lock of locks) for (const { promise } of lock.waiting) byPromise.set(promise, lock)
  return {
    graph,
    tasks: [...told],
    locks,
    sources,
    lockOf: promise => byPromise.get(promise),
    reachOf: promise => reaches.of(promise),
    codeOf,
    placeOf: ({ node, at }) => at ?? places.get(node),
    doubtOf: ({ node }) => (inferred.has(node) ? workedOut : undefined),
  }

  /** Places of those that nobody could tell, by what they wait for; added to those that are known. */
  function inferPlaces(): ReadonlySet<HeapNode> {
    const found = new Set<HeapNode>()
    const storesOf = (promise: HeapNode) => reaches.of(promise).stores
    for (const activation of tasks.flatMap(({ activations }) => activations)) {
      const { node, at, code } = activation
      const promise = graph.awaited(node)
      if (at !== undefined || places.has(node) || promise === undefined || code.place === undefined) continue
      const need = needs.of(promise)
      const offset =
        'needs' in need ? undefined : awaitPlace(activation, need, { graph, sources, values, storesOf })
      const position = offset === undefined ? undefined : sources.of(code)?.syntax.lines.positionAt(offset)
      if (position === undefined) continue
      places.set(node, { ...code.place, ...position })
      found.add(node)
    }
    return found
  }

  /**
   * A lock that is a chain of promises: who is in has the function that settles the promise which the next one awaits, and
   * calls it when it is done.
   */
  function handedOut({ promise }: Extract<Leaf, { kind: 'settled' }>, task: Task) {
    const { stores, timers, io, roots, activations } = reaches.of(promise)
    if (stores.length + timers.length + io.length + roots.length > 0) return undefined
    const calls = callsOf(task, codeOf)
    const methods = new Set(calls.map(({ call }) => call.method))
    const held = activations.flatMap(node => {
      const activation = graph.activations.get(node)
      const code = activation && codeOf(activation)
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
  function storeOf({ promise }: Extract<Leaf, { kind: 'settled' }>, task: Task) {
    const { stores, io } = reaches.of(promise)
    const [start] = stores
    if (start === undefined || io.length > 0) return undefined
    const calls = callsOf(task, codeOf)
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

/** Of Node's own functions only: the loading of modules, say. */
function isNodes({ activations }: Task): boolean {
  return activations.every(({ code }) => (code.place?.script ?? 'node:').startsWith('node:'))
}

/** A field as source text has it: `.queue`, `queue:`. */
function spelled(name: string): RegExp {
  const word = name.replace(/[^\w]/g, '\\$&')
  return new RegExp(`\\.\\s*${word}(?![\\w$])|(?<![\\w$.'"])${word}\\s*[:=;]`)
}

function merged<Lock extends LockedStore>(lock: Lock, other: LockedStore): Lock {
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

interface WaitingCall {
  readonly activation: Activation
  readonly source: FunctionSource
  readonly call: NonNullable<ReturnType<typeof calledThing>>
  /** It stands in the program, not in a package. */
  readonly own: boolean
}

/** The calls that the functions of a task await, from the innermost out to the first of the program's own. */
function callsOf(
  task: Task,
  codeOf: (activation: Activation) => SuspendedCode | undefined,
): readonly WaitingCall[] {
  const calls: WaitingCall[] = []
  for (const activation of task.activations) {
    const code = codeOf(activation)
    const own = !/node_modules|^node:/.test(activation.code.place?.script ?? 'node:')
    if (code !== undefined) {
      const { source, awaited, suspension } = code
      if (awaited !== undefined) calls.push({ activation, source, call: awaited, own })
      // `Promise.all([a.acquire(), b.acquire()])`
      for (const node of walkOwn(suspension)) {
        const call = isCall(node) ? calledThing(node) : undefined
        if (call !== undefined && call.node === node && node !== awaited?.node)
          calls.push({ activation, source, call, own })
      }
    }
    // A hand-written lock is of the program's own too: what calls it is one further out.
    if (own && code?.awaited !== undefined && code.awaited.target.type !== 'ThisExpression') break
    if (calls.length > 12) break
  }
  return calls
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

/** Where suspended functions stand, where their own record does not tell: asked for those that the source leaves open. */
async function placesOf(
  heap: HeapGraph,
  tasks: readonly Task[],
  sources: FunctionSources,
): Promise<Map<HeapNode, HeapPlace>> {
  const places = new Map<HeapNode, HeapPlace>()
  const asked: HeapNode[] = []
  for (const { activations } of tasks) {
    for (const { node, at, code } of activations) {
      if (at !== undefined || code.place === undefined || code.place.script.startsWith('node:')) continue
      const source = sources.of(code)
      const only = source && onlySuspension(source)
      if (only === undefined) asked.push(node)
      else places.set(node, { ...code.place, ...source!.syntax.lines.positionAt(only) })
    }
  }
  for (const [node, place] of await heap.positions(asked.slice(0, mostAsked))) places.set(node, place)
  return places
}

function read(
  activation: Activation,
  sources: FunctionSources,
  places: ReadonlyMap<HeapNode, HeapPlace>,
): SuspendedCode | undefined {
  const place = activation.at ?? places.get(activation.node)
  const source = place && sources.of(activation.code)
  const offset = source && place && sources.offsetOf(source, place)
  return offset === undefined ? undefined : suspendedCode(source!, offset)
}
