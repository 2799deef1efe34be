/** Promises, what happens when they are settled, and V8's closures that settle them or go on after them. */
import type { Continuation, PromiseState, Reaction } from '../graph.ts'
import type { Functions } from './functions.ts'
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

const MOST_REACTIONS = 1_000_000
/** How many contexts around that of a callback are looked through. */
const DEEPEST = 3

/** V8's closures that go on with a suspended function, which their context holds. */
const continuing = new Set([
  'AsyncFunctionAwaitResolveClosure',
  'AsyncFunctionAwaitRejectClosure',
  'AsyncGeneratorAwaitResolveClosure',
  'AsyncGeneratorAwaitRejectClosure',
  'AsyncGeneratorYieldResolveClosure',
  'AsyncGeneratorYieldWithAwaitResolveClosure',
  'AsyncGeneratorReturnResolveClosure',
  'AsyncGeneratorReturnClosedResolveClosure',
  'AsyncGeneratorReturnClosedRejectClosure',
])

/** The length of the context of V8's resolving functions without a mark that they were called. */
const SHORT_CONTEXT = 4

const elements = new Map([
  ['PromiseAllResolveElementClosure', 'all'],
  ['PromiseAllSettledResolveElementClosure', 'allSettled'],
  ['PromiseAllSettledRejectElementClosure', 'allSettled'],
  ['PromiseAnyRejectElementClosure', 'any'],
] as const)

export class Promises {
  readonly #objects: Objects
  readonly #functions: Functions

  constructor(objects: Objects, functions: Functions) {
    this.#objects = objects
    this.#functions = functions
  }

  state(promise: number): PromiseState {
    const { fields } = this.#objects
    if (this.#objects.shape(promise) !== shape.promise) return 'unknown'
    const flags = this.#objects.smi(promise + fields.promise.flags)
    return flags === undefined ? 'unknown' : (states[flags & 3] ?? 'unknown')
  }

  reactions(promise: number): readonly Reaction[] {
    if (this.state(promise) !== 'pending') return []
    // V8 puts each new one in front.
    return this.#chain(promise)
      .map(reaction => this.#reaction(reaction))
      .reverse()
  }

  hasReactions(promise: number): boolean {
    return this.state(promise) === 'pending' && this.#first(promise) !== 0
  }

  /** What the reactions of a pending promise refer to: their handlers with what these hold, and the promises that follow. */
  followers(promise: number): readonly number[] {
    const objects = this.#objects
    const { fulfil, reject, derived } = objects.fields.reaction
    return this.#chain(promise).flatMap(reaction =>
      [fulfil, reject, derived].flatMap(at => {
        const object = objects.target(reaction + at)
        if (objects.shape(object) === shape.capability)
          return [object, objects.target(object + objects.fields.capability.promise)]
        if (objects.shape(object) !== shape.function) return [object]
        return [object, ...this.#reachable(objects.target(object + objects.fields.function.context))]
      }),
    )
  }

  /** What a closure's context holds, and those around it: the suspended function is there that a callback goes on with. */
  #reachable(context: number): readonly number[] {
    const found: number[] = []
    let at = context
    for (let depth = 0; depth < DEEPEST && this.#objects.shape(at) === shape.context; depth++) {
      found.push(...this.#slots(at))
      at = this.#objects.target(at + this.#objects.fields.context.previous)
    }
    return found
  }

  #slots(context: number): readonly number[] {
    const objects = this.#objects
    if (objects.shape(context) !== shape.context || objects.length(context) > 64) return []
    return Array.from({ length: Math.max(0, objects.length(context) - 2) }, (_, index) => {
      const object = objects.target(context + objects.fields.context.first + index)
      return objects.shape(object) === shape.capability
        ? objects.target(object + objects.fields.capability.promise)
        : object
    })
  }

  #first(promise: number): number {
    const first = this.#objects.target(promise + this.#objects.fields.promise.reactions)
    return this.#objects.shape(first) === shape.reaction ? first : 0
  }

  #chain(promise: number): number[] {
    const chain: number[] = []
    const seen = new Set<number>()
    let at = this.#first(promise)
    while (this.#objects.shape(at) === shape.reaction && !seen.has(at) && chain.length < MOST_REACTIONS) {
      seen.add(at)
      chain.push(at)
      at = this.#objects.target(at + this.#objects.fields.reaction.next)
    }
    return chain
  }

  #reaction(reaction: number): Reaction {
    const objects = this.#objects
    const { fulfil, reject, derived, asyncContext } = objects.fields.reaction
    const object = (at: number) => {
      const target = objects.target(reaction + at)
      return objects.isJavaScript(target) ? target : undefined
    }
    const next = objects.target(reaction + derived)
    const promise =
      objects.shape(next) === shape.capability
        ? objects.target(next + objects.fields.capability.promise)
        : next
    return {
      onFulfilled: object(fulfil),
      onRejected: object(reject),
      derived: objects.isJavaScript(promise) ? promise : undefined,
      asyncContext: object(asyncContext),
    }
  }

  continuation(closure: number): Continuation | undefined {
    const objects = this.#objects
    if (objects.shape(closure) !== shape.function) return undefined
    const builtin = this.#functions.builtinName(this.#functions.shared(closure))
    if (builtin === undefined) return undefined
    const context = objects.target(closure + objects.fields.function.context)
    if (objects.shape(context) !== shape.context) return undefined
    const first = context + objects.fields.context.first
    if (continuing.has(builtin)) {
      const activation = objects.target(first)
      const code = objects.shape(activation)
      return code >= shape.asyncFunction && code <= shape.generator
        ? { does: 'continue', activation }
        : undefined
    }
    if (builtin === 'PromiseCapabilityDefaultResolve' || builtin === 'PromiseCapabilityDefaultReject') {
      const promise = objects.target(first)
      // Once one of the two was called, neither does anything. Since 14.x they then forget their promise.
      const isSpent = objects.length(context) > SHORT_CONTEXT ? objects.value(first + 1) : undefined
      if (objects.shape(promise) !== shape.promise || (isSpent?.kind === 'boolean' && isSpent.value))
        return undefined
      return { does: 'settle', promise, rejects: builtin.endsWith('Reject') }
    }
    const of = elements.get(builtin as never)
    if (of !== undefined) return this.#element(context, of)
    if (builtin === 'PromiseThenFinally' || builtin === 'PromiseCatchFinally') {
      const callback = this.#slots(context).find(object => objects.isJavaScript(object))
      return { does: 'finally', callback }
    }
    return undefined
  }

  #element(context: number, of: 'all' | 'allSettled' | 'any'): Continuation | undefined {
    const objects = this.#objects
    const first = context + objects.fields.context.first
    const promise = this.#slots(context).find(object => objects.shape(object) === shape.promise)
    const remaining = objects.smi(first)
    // V8 counts down what has not been settled yet.
    return promise === undefined ? undefined : { does: 'element', of, promise, remaining }
  }
}

const states = ['pending', 'fulfilled', 'rejected'] as const
