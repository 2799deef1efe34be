/**
 * The suspended functions of one heap as tasks, the promise locks among what they wait for, and who holds these: worked out
 * from the heap and from source text, for whatever library or hand-written class the locks are of.
 */
import { AwaitGraph } from '../../heap/await-graph.ts'
import type { Activation, HeapGraph, HeapNode, HeapPlace } from '../../heap/graph.ts'
import { leavesOf, Needs, type Task, tasksOf } from '../../heap/tasks.ts'
import type { Node } from '../../sources/syntax-tree.ts'
import { ActivationValues } from './activation-values.ts'
import { awaitPlace } from './await-place.ts'
import { AwaitedStores, merged } from './awaited-stores.ts'
import { FunctionSources } from './function-sources.ts'
import { Holds, type LockedStore, type LockHold } from './holds.ts'
import { LetIn } from './let-in.ts'
import { pendingCallbacks } from './pending-callbacks.ts'
import { type Reach, ResolverReaches } from './resolver-reach.ts'
import { returnedCalls } from './returned-calls.ts'
import type { SuspendedCode } from './suspended-code.ts'
import { codeAt, placesOf } from './suspension-places.ts'
import { type Units, unitsOf } from './units.ts'
import { UnseenJobs } from './unseen-jobs.ts'

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

const passedOn =
  'when the promise that it returned is settled, the function that takes the next one from the queue runs'

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
    if (!codes.has(activation.node)) codes.set(activation.node, codeAt(activation, sources, places))
    return codes.get(activation.node)
  }
  const values = new ActivationValues(heap)
  const inferred = inferPlaces()
  const stores = new AwaitedStores(graph, values, reaches, codeOf)
  const letIn = new LetIn(graph, sources, values)
  const holds = new Holds(graph, sources, values, letIn, codeOf)
  const callbacks = pendingCallbacks(heap)
  const unseen = new UnseenJobs(graph, callbacks, letIn, promise => needs.of(promise))
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
      const store = leaf.kind === 'settled' ? stores.of(leaf, task) : undefined
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
  // There may be hundreds of locks and thousands of functions that wait, and do not hold anything.
  const able = holds.able(all, [...found.values()])
  const withHolds = [...found.values()].map((lock): PromiseLock => {
    if (lock.holds.length > 0) return lock
    const inside = returned.filter(one => one.callbacks.some(callback => letIn.frees(callback, lock)))
    const held = [
      ...able.flatMap(one => holds.of(one, lock)),
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
}

/** Of Node's own functions only: the loading of modules, say. */
function isNodes({ activations }: Task): boolean {
  return activations.every(({ code }) => (code.place?.script ?? 'node:').startsWith('node:'))
}
