/**
 * What the rules of `locks/` ask about a stack, without knowing who answers: the inspector, a memory reader, a heap
 * graph, a saved snapshot or a table in a test.
 */
import type { Frame, Unknown } from './model.ts'

/** A function in progress: a frame of a paused thread, one read from memory, or a suspended function. */
export interface Activation {
  /** The party whose stack it is on: `p4242/t0`. */
  readonly party: string
  /** 0 is the innermost JavaScript frame of that party. */
  readonly index: number
  /** The script that the function was compiled from, a key for `ScriptTexts`; equal in all threads that run equal text. */
  readonly script: string
  /** The call in progress, in the *generated* text that V8 runs; 1-based. */
  readonly line: number
  readonly column: number
  /** Where the function starts in that text (`(` of its parameters, or an arrow's first character); 1-based. */
  readonly functionStart: { readonly line: number; readonly column: number } | Unknown
  readonly functionName: string
  /** The same frame as the reader sees it, with original positions. */
  readonly frame: Frame
  /** For a wasm frame: the byte offset in the module. */
  readonly wasmOffset?: number
}

/** The text that V8 runs for a script. */
export interface ScriptTexts {
  /** The whole text, synchronously: it was fetched before the rules run. Undefined where it could not be had. */
  get(script: string): string | undefined
  /** The bytes of a WebAssembly module; undefined where they could not be had. */
  bytecode?(script: string): Uint8Array | undefined
  /** URL or path of the script, for messages; '' for code without a name. */
  url(script: string): string
  /** A generated position (1-based) turned into the reader's one. */
  original(
    script: string,
    line: number,
    column: number,
  ): { file: string; line: number; column: number; name?: string }
  /** Keys of all scripts whose text is at hand. */
  readonly scripts: readonly string[]
}

/** Why a question has no answer. */
export type NoAnswer =
  | 'no such name'
  | 'optimised out'
  | 'stale'
  | 'side effect'
  | 'cannot be read here'
  | 'deadline'
  | 'not asked'

export type Answer<T> = { readonly known: T } | { readonly unknown: NoAnswer; readonly detail?: string }

/** Names one object of one party as long as the capture lasts. */
export interface ObjectRef {
  readonly party: string
  readonly id: string
}

/** A value of the target. */
export type Value =
  | { readonly kind: 'undefined' | 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** Numbers as numbers; bigints as bigints; NaN and infinities as numbers. */
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'bigint'; readonly value: bigint }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'symbol'; readonly description: string }
  | {
      readonly kind: 'object'
      readonly ref: ObjectRef
      /** The constructor's name: `Mutex`, `Int32Array`, `Object`. */
      readonly className: string
      /** V8's subtype where there is one: `array`, `typedarray`, `map`, `arraybuffer`, `proxy`, `generator` … */
      readonly subtype?: string
      readonly description: string
    }
  | {
      readonly kind: 'function'
      readonly ref: ObjectRef
      /** Its source text, `function wait() { [native code] }` for a builtin. */
      readonly source: string
      readonly className: string
    }

/** A named slot of an object or scope. */
export interface Member {
  /** `cell`, `#cell` for a private name, `0` for an element. */
  readonly name: string
  readonly value: Answer<Value>
}

/** The memory that an element of a typed array names: the same triple in every thread of the process. */
export interface Word {
  /** The backing store, the same text in all threads of the process. */
  readonly buffer: string
  readonly byte: number
  readonly value: number | bigint
  readonly shared: boolean
  readonly arrayType: string
}

/**
 * A question and the shape of its answer. All of one tick travel together: ask everything that does not depend on
 * another answer before awaiting the first.
 */
export type Question =
  /** A side-effect-free expression in the scope of a frame (`this.#cell`, `locks[i].lock`, `arguments[0]`). */
  | { readonly ask: 'value'; readonly activation: Activation; readonly expression: string }
  /** All own members of an object, private ones (as `#name`) included. */
  | { readonly ask: 'members'; readonly object: ObjectRef }
  /** One own member of an object, `#name` for a private one; `no such name` where it has none. */
  | { readonly ask: 'member'; readonly object: ObjectRef; readonly name: string }
  /** A side-effect-free expression over one object, which it calls `self`: `self.left.cell`, `self.get("a")`; `others` are `other0`, `other1` … */
  | {
      readonly ask: 'on'
      readonly object: ObjectRef
      readonly expression: string
      readonly others?: readonly ObjectRef[]
    }
  /** The variables that a function closes over, innermost scope first (later duplicates are shadowed). */
  | { readonly ask: 'closure'; readonly function: ObjectRef }
  /** One variable that a function closes over, the innermost of its name. */
  | { readonly ask: 'variable'; readonly function: ObjectRef; readonly name: string }
  /** Where a function was written; for a bound function its target, receiver and bound arguments too. */
  | { readonly ask: 'place'; readonly function: ObjectRef }
  /** The word of `array[index]`, with its value. */
  | { readonly ask: 'word'; readonly array: ObjectRef; readonly index: number }

export interface FunctionPlace {
  /** Key for `ScriptTexts`; unknown for builtins. */
  readonly script: string
  /** 1-based, in the generated text. */
  readonly line: number
  readonly column: number
  readonly bound?: { readonly target: Value; readonly receiver: Value; readonly arguments: readonly Value[] }
}

/** What a question is answered with. */
export type AnswerTo<Q extends Question> = Q extends { ask: 'value' | 'on' | 'member' | 'variable' }
  ? Value
  : Q extends { ask: 'members' | 'closure' }
    ? readonly Member[]
    : Q extends { ask: 'place' }
      ? FunctionPlace
      : Q extends { ask: 'word' }
        ? Word
        : never

/** Answers questions about paused activations. Never throws: what cannot be told is an `unknown` with its reason. */
export interface ValueSource {
  ask<Q extends Question>(question: Q): Promise<Answer<AnswerTo<Q>>>
}
