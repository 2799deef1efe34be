/**
 * Who holds a promise lock, by what its suspended functions will do when they go on: give back what they acquired by a call of
 * the same kind as the waiters', or, where the lock runs its holders itself, let the next one in.
 */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { Activation, HeapGraph, HeapNode } from '../../heap/graph.ts'
import type { Node } from '../../sources/syntax-tree.ts'
import type { ActivationValues } from './activation-values.ts'
import { exportedTarget } from './call-target.ts'
import type { FunctionSources } from './function-sources.ts'
import { JobRunner } from './job-runner.ts'
import type { LetIn } from './let-in.ts'
import { acquiring, PairHolds } from './pair-holds.ts'
import type { CallPair } from './paired-calls.ts'
import type { Acquisition, SuspendedCode } from './suspended-code.ts'
import { isOfStore, livesIn, type WaitersStore } from './waiters-store.ts'

/** A lock with what is known of its waiters. */
export interface LockedStore extends WaitersStore {
  /** Names of the calls by which anybody waits for it. */
  readonly methods: ReadonlySet<string>
  /** What they call it on, where that is imported. */
  readonly targets: ReadonlySet<string>
  /** The functions that they call, by script and place. */
  readonly callees: ReadonlySet<string>
  /** Functions that run as soon as a waiter is let in. */
  readonly runsNext: readonly HeapNode[]
}

export interface LockHold {
  readonly activation: Activation
  /** The call that acquired it, in the text of the function. */
  readonly acquired: Node | undefined
  readonly evidence: string
  /** The calls that show it, where these are not of the lock's own name. */
  readonly pair?: CallPair
  /** It runs a job of the lock, and nothing else shows how many do. */
  readonly runs?: boolean
}

export class Holds {
  readonly #heap: HeapGraph
  readonly #values: ActivationValues
  readonly #pairs: PairHolds
  readonly #letIn: LetIn
  readonly #runners: JobRunner
  readonly #codes: (activation: Activation) => SuspendedCode | undefined

  constructor(
    graph: AwaitGraph,
    sources: FunctionSources,
    values: ActivationValues,
    letIn: LetIn,
    codes: (activation: Activation) => SuspendedCode | undefined,
  ) {
    this.#heap = graph.heap
    this.#values = values
    this.#pairs = new PairHolds(graph.heap, sources, values)
    this.#letIn = letIn
    this.#runners = new JobRunner(graph.heap, sources, values)
    this.#codes = codes
  }

  /** Those suspended functions that have something by which they could hold any of the locks. */
  able(activations: readonly Activation[], locks: readonly LockedStore[]): readonly Activation[] {
    const queued = this.#letIn.queuedIn(locks)
    return activations.filter(activation => {
      const code = this.#codes(activation)
      if (this.#letIn.mayBe(activation, code, queued)) return true
      if (code === undefined) return false
      return (
        code.held.length > 0 ||
        this.#pairs.all(activation, code).length > 0 ||
        this.#runners.mayRun(activation, code)
      )
    })
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
    const pairs = code === undefined ? [] : this.#pairs.of(activation, code, lock)
    if (pairs.length > 0)
      return pairs.map(pair => ({
        activation,
        acquired: pair.call.node,
        pair,
        evidence: `it awaited ${shown(code!, pair.call.node)} and calls ${shown(code!, pair.release.node)} ${pair.certain ? 'in a finally' : 'later on'}`,
      }))
    const run = this.#letIn.of(activation, code, lock)
    if (run !== undefined) return [{ activation, acquired: undefined, evidence: run }]
    const runs = code && this.#runners.of(activation, code, lock)
    return runs === undefined ? [] : [{ activation, acquired: undefined, evidence: runs, runs: true }]
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
    return place !== undefined && place.scriptId !== code.place?.scriptId && livesIn(this.#heap, node, lock)
  }
}

function shown({ source }: SuspendedCode, node: Node): string {
  const text = source.syntax.textOf(node).replace(/\s+/g, ' ')
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
