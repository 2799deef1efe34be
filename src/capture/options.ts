import type { ImpasseError } from '../errors.ts'

/** What a caller of `capture` may choose. */
export interface CaptureOptions {
  /** How often each thread is looked at; 2 by default. A single look can prove nothing. */
  readonly looks?: number
  /** Time between two looks, milliseconds; 30 by default. */
  readonly betweenLooksMs?: number
  /** Bound of the whole capture, milliseconds; 10 000 by default. */
  readonly timeoutMs?: number
  /** False: leave no trace in the target; only `/proc` is read. */
  readonly inspector?: boolean
  /** False: stacks of threads that cannot answer the inspector are not read from the target's memory. */
  readonly memory?: boolean
  /** True: suspended async functions are looked for at any cost; false: never; else where that costs little. */
  readonly heap?: boolean
  /** True: a process whose thread runs and does not answer the inspector may be stopped (SIGSTOP) for some milliseconds. */
  readonly allowStop?: boolean
  /** False: locks of known libraries are told without what is known of these. Verdicts are the same. */
  readonly lockAdapters?: boolean
  /**
   * False: what the rules of locks were answered is not kept, so that they cannot be run again on the snapshot. For one
   * that is only to be shown.
   */
  readonly record?: boolean
  /** Processes that are not Node are shown as far as the kernel knows them, instead of being refused. */
  readonly others?: boolean
  /** Set by `capture` itself: other processes are looked at too. */
  readonly together?: boolean
  /** Ends the capture: everything that was opened is closed, then it rejects with `IMPASSE_INTERRUPTED`. */
  readonly signal?: AbortSignal
  /** Told what is being done, for a status line. */
  readonly onProgress?: (step: string) => void
  /**
   * Of several processes, told of each that cannot be looked at; the others make the snapshot. Without it, or where none
   * is left, `capture` throws.
   */
  readonly onFailure?: (pid: number, error: ImpasseError) => void
}

export const DEFAULT_LOOKS = 2
export const DEFAULT_TIMEOUT_MS = 10_000
/** Time between two looks, milliseconds: enough for a program that works to have moved. */
export const BETWEEN_LOOKS_MS = 30
/** A thread that runs and comes to its event loop within this is not called busy, milliseconds. */
export const LONGEST_CALL_MS = 250
