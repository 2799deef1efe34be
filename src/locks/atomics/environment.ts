import type { Answer, Value, Word } from '../../snapshot/question.ts'
import type { Syntax } from '../../sources/syntax.ts'
import type { Node } from '../../sources/syntax-tree.ts'

/** A value with what makes one doubt it. */
export interface Known<T = Value> {
  readonly answer: Answer<T>
  readonly doubt?: string
  /** For an object that cannot be read any more: what it was made of. */
  readonly made?: Made
}

/** An object known by the call that made it (rule V4). */
export interface Made {
  /** A field as the constructor set it, or a method of its class. */
  member(name: string): Promise<Known>
}

/** One run of a loop variable, for the iterations of a loop that are over (rule L1). */
export interface Iteration {
  /** The identifier that declares the loop's variable. */
  readonly variable: Node
  /** The loop. */
  readonly loop: Node
  /** Counted from the first. */
  readonly number: number
}

/** At which moment of a function an expression is to be read. */
export interface Moment {
  /** The step that the expression belongs to. */
  readonly from: Node
  /** The loop in whose earlier iteration it ran. */
  readonly earlier?: Node
  readonly iteration?: Iteration
}

/** Gives values to expressions of one function: a frame on the stack, or a function that was called and has returned. */
export interface Environment {
  readonly syntax: Syntax
  /** The function, or the program. */
  readonly owner: Node
  evaluate(expression: Node, moment: Moment): Promise<Known>
  /** The function that `super.name` means here. */
  evaluateSuper(name: string): Promise<Known>
  /** The values that a builtin gives to a callback, one after the other: the elements of a list. */
  element?(list: Node, number: number, moment: Moment): Promise<Known>
  /** The value of `this`. */
  receiver(): Promise<Known>
  /** The object whose scopes hold the function's free names, for functions found by their source alone. */
  readonly closure: Promise<Known>
}

export const unknown = (
  why: 'stale' | 'no such name' | 'cannot be read here',
  detail?: string,
): Known<never> => ({
  answer: detail === undefined ? { unknown: why } : { unknown: why, detail },
})

export function known<T>(answer: Answer<T>): T | undefined {
  return 'known' in answer ? answer.known : undefined
}

/** No value, or the `undefined` that V8 gives for a name that optimised code has dropped. */
export function isLost(answer: Answer<Value>): boolean {
  return !('known' in answer) || answer.known.kind === 'undefined'
}

export function numberOf(value: Value | undefined): number | undefined {
  if (value?.kind === 'number') return value.value
  if (value?.kind === 'bigint') return Number(value.value)
  return undefined
}

/** A word's name, the same in every thread. */
export function wordKey(word: Word): string {
  return `${word.buffer}+${word.byte}`
}
