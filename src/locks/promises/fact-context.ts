/** What is known of a thread beside its heap, for the facts of its tasks. */
import type { Activation } from '../../heap/graph.ts'
import type { Frame, Place } from '../../snapshot/model.ts'
import type { LockAdapter } from './adapters/adapter.ts'

export interface FactContext {
  readonly process: string
  /** The thread's party. */
  readonly thread: string
  /** Tasks are numbered from here on. */
  readonly firstTask: number
  /** The time on the clock of the thread's event loop, milliseconds; undefined where it is not known. */
  readonly loopNow?: number | undefined
  /** Every task goes on only when this can be had: the event loop of a thread that stands still. */
  readonly loop: string | undefined
  /** The libraries whose locks are known by name. */
  readonly adapters: readonly LockAdapter[]
  frameOf(activation: Activation): Frame
  /** A place in the text of a function's script. */
  placeOf(activation: Activation, position: { line: number; column: number }): Place | undefined
}
