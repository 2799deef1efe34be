/**
 * V8's heap as a graph, one for each isolate (thread) of the process: what is needed to see the suspended functions,
 * the promises that they await, and who can settle these. One interface over two sources: the memory of the process or
 * of a core file (no pause, no garbage collection), and the inspector's heap snapshot.
 *
 * Only what may still run or be reached is in it: finished activations, garbage and copies that the collector left
 * behind are not. Nodes are decoded when they are asked for.
 */

/** A node, by a number that means something to its graph only. Equal numbers are the same object. */
export type HeapNode = number

/** A value that is no object of its own. Where `unknown`, the source does not carry it (a heap snapshot's booleans, say). */
export type Primitive =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'null' }
  | { readonly kind: 'unknown' }

export type HeapValue = { readonly kind: 'node'; readonly node: HeapNode } | Primitive

/** What a node is, as far as it matters here. */
export type HeapNodeKind =
  | 'activation'
  | 'promise'
  | 'reaction'
  | 'function'
  | 'bound function'
  | 'context'
  | 'array'
  | 'map'
  | 'set'
  | 'object'
  | 'module'
  | 'text'
  | 'other'

/**
 * How an edge is called. `property` (also private: `#queue`), `element` (of an array, by index), `entry` (the values of
 * a Map or Set), `variable` (of a context), `internal` (V8's own: `context` of a function, `previous` of a context,
 * `receiver`, `register` of an activation, `promise` of an activation, `reaction`, `bound` …).
 */
export interface HeapEdge {
  readonly kind: 'property' | 'element' | 'entry' | 'variable' | 'internal'
  readonly name: string
  readonly node: HeapNode
}

/** A place in a script: 1-based line and column, as everywhere in a snapshot. */
export interface HeapPlace {
  /** The script's name: a path, a `file:` URL, `node:…`; empty for code without one. */
  readonly script: string
  readonly scriptId: number
  readonly line: number
  readonly column: number
}

/** The code of a function. */
export interface HeapFunction {
  /** As V8 infers it; empty for one without a name. */
  readonly name: string
  /** Its class, where it is a method and V8 tells. */
  readonly class?: string
  /** Where its text begins; undefined for V8's and Node's native functions. */
  readonly place?: HeapPlace
  /** The first and last character of its text in the script, counted from 0, the last one exclusive. */
  readonly range?: { readonly start: number; readonly end: number }
  /** The name of V8's builtin behind it, without prefix: `PromiseCapabilityDefaultResolve`, `PromiseAllResolveElementClosure`. */
  readonly builtin?: string
}

/** A suspended async function, async generator or generator. */
export interface Activation {
  readonly node: HeapNode
  readonly kind: 'async function' | 'async generator' | 'generator'
  /** The function object that was called. */
  readonly function: HeapNode
  readonly code: HeapFunction
  /** `this` of the call. */
  readonly receiver: HeapValue
  readonly context: HeapNode | undefined
  /** Parameters (without `this`), then the registers; stale temporaries among them. */
  readonly registers: readonly HeapValue[]
  /** How many of the registers are parameters. */
  readonly parameters: number
  /**
   * The promise that the call returned (async function), or those of the requests that wait in its queue (async
   * generator), the one being served first.
   */
  readonly promises: readonly HeapNode[]
  /** Where it stands: the pending await or yield. Undefined where the source cannot tell (see `HeapGraph.positions`). */
  readonly at: HeapPlace | undefined
}

/** What happens when a promise is settled: one entry of its list of reactions. */
export interface Reaction {
  readonly onFulfilled: HeapNode | undefined
  readonly onRejected: HeapNode | undefined
  /** The promise that `then` returned, or that the capability given to it settles. */
  readonly derived: HeapNode | undefined
  /** The store map of AsyncLocalStorage, where V8 keeps it (Node 24 and later). */
  readonly asyncContext: HeapNode | undefined
}

export type PromiseState = 'pending' | 'fulfilled' | 'rejected' | 'unknown'

/** What one of V8's own closures does when it is called. */
export type Continuation =
  /** `resolve` or `reject` of a promise, as its executor was given them. */
  | { readonly does: 'settle'; readonly promise: HeapNode; readonly rejects: boolean }
  /** Goes on with a suspended function that awaits. */
  | { readonly does: 'continue'; readonly activation: HeapNode }
  /** Counts an element of `Promise.all`, `allSettled` or `any`. `remaining`: elements not settled yet, where known. */
  | {
      readonly does: 'element'
      readonly of: 'all' | 'allSettled' | 'any'
      readonly promise: HeapNode
      readonly remaining: number | undefined
    }
  /** Runs the callback of `finally`. */
  | { readonly does: 'finally'; readonly callback: HeapNode | undefined }

export interface HeapGraph {
  readonly source: 'memory' | 'heap snapshot'
  /** V8's isolate by address (memory), to be joined with a thread; undefined where the source was asked of one thread. */
  readonly isolate: number | undefined
  /** Set where numbers that properties hold are left out: nothing tells how many a lock lets in. */
  readonly withoutNumbers?: boolean
  /** True when nothing of the isolate ran while it was read, else why this is not known or not so. */
  readonly consistent: true | string

  /** Every suspended function that is live, or that only other suspended functions and pending promises keep. */
  activations(): readonly Activation[]
  /** Every promise with at least one reaction, and every one that an activation returned or awaits. */
  promises(): readonly HeapNode[]
  /** All functions whose code is V8's builtin of one of these names. */
  closures(builtins: readonly string[]): readonly HeapNode[]
  /** All objects of a class of this name (by constructor), as `Timeout` of Node's timers. */
  instances(className: string): readonly HeapNode[]

  kind(node: HeapNode): HeapNodeKind
  /** The constructor's name of an object; `Array`, `Map`, `Promise` …; empty where there is none. */
  className(node: HeapNode): string
  /** Undefined when the node is no function. For a bound function: that of its target. */
  code(node: HeapNode): HeapFunction | undefined
  /** The value of a text node, cut at 1 000 characters. */
  text(node: HeapNode): string | undefined
  /** A property, private field (`#name`), variable of a context, or internal field by its name; its prototypes are not asked. */
  value(node: HeapNode, name: string): HeapValue | undefined
  /** Whether the object or one of its prototypes has a property of this name. */
  has(node: HeapNode, name: string): boolean
  /** The function that is called as `node.name()`: of the object, or of one of its prototypes. */
  method(node: HeapNode, name: string): HeapNode | undefined
  edges(node: HeapNode): readonly HeapEdge[]
  /** Who refers to it. Storage that belongs to one object (its elements, its properties) counts as that object. */
  retainers(node: HeapNode): readonly HeapEdge[]
  /** True when something outside V8's heap may refer to it: a handle of Node's or of an addon, a stack. */
  nativelyHeld(node: HeapNode): boolean

  state(promise: HeapNode): PromiseState
  /** In the order in which they were added. Empty for one that is settled. */
  reactions(promise: HeapNode): readonly Reaction[]
  /** What a function is when it is one of V8's closures around promises; undefined for any other. */
  continuation(closure: HeapNode): Continuation | undefined
  /** Exact places of activations for which `at` is undefined, where there is a way to have them. Keyed by `Activation.node`. */
  positions(nodes: readonly HeapNode[]): Promise<ReadonlyMap<HeapNode, HeapPlace>>
  /** The text of a script. */
  scriptSource(scriptId: number): string | undefined
}
