import type { Activation, Answer, Word } from '../../snapshot/question.ts'
import type { Syntax } from '../../sources/syntax.ts'
import type { Node } from '../../sources/syntax-tree.ts'
import type { Acquiring, Change } from './acquiring.ts'
import type { Moment } from './environment.ts'
import type { Origin } from './function-catalogue.ts'
import type { Step } from './steps.ts'

/** What one step did to one word. */
export interface LockEvent {
  readonly kind: 'acquire' | 'change' | 'give-back'
  readonly word: Answer<Word>
  readonly acquiring?: Acquiring
  readonly change?: Change
  /** What was written to take it, where that could be read: an owner's id. */
  readonly taken?: number
  /** The value written differs from thread to thread, as the source has it. */
  readonly ownerWord?: boolean
  /** Keys of conditions that could not be decided. */
  readonly conditions: readonly string[]
  /** Reasons to doubt that it happened, or that it happened to this word. */
  readonly doubts: readonly string[]
  /** True when a call's result tells whether it happened, and the caller has not looked yet. */
  readonly pending?: boolean
  /** The step of the function that the event is told of. */
  readonly step: Step
  readonly moment: Moment
  /** For texts that match each other where words are not known: what the step is about. */
  readonly about: string
  /** The function in which the word is taken or written. */
  readonly within: Origin
  /** What stands for the lock in the words of the function that the event is told of. */
  readonly designator:
    | {
        readonly syntax: Syntax
        readonly node: Node
        readonly index: Node | undefined
        readonly number?: number
      }
    | undefined
  /** It could not be read what was called: it may have released any lock. */
  readonly anything?: boolean
  /** The functions of the name that was called, where it could not be read which of them it was. */
  readonly candidates?: readonly Origin[]
  /** The frame's place on its thread's stack, outer ones larger. */
  readonly depth?: number
  /** U2: for a give-back, the call whose result is called or released. */
  readonly guard?: Node
  /** For a give-back by a call that could not be read: what it may have done if it gave back nothing of this function's. */
  readonly unread?: LockEvent
  /** The lock is given back at the end of a block (`using`): a release lies ahead. */
  readonly scoped?: boolean
  /** C4: the branch that runs when a try failed, and that may take the lock in its place. */
  readonly otherwise?: Node
  /** Inside an async function that has not come to its end. */
  readonly suspended?: boolean
}

/** What a frame did up to its call in progress, and what it is still to do. */
export interface FrameEvents {
  readonly activation: Activation
  readonly past: readonly LockEvent[]
  readonly ahead: readonly LockEvent[]
  /** What the call in progress is about to take has a guard, which gives it back. */
  readonly guarding: boolean
}
