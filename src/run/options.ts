/** What a caller of `run` may choose; durations in milliseconds. */
export interface RunOptions {
  /** After so long without output and progress the tree is looked at. */
  readonly quietFor: number
  /** The user named `quietFor`: a tree that is quiet for so long is ended whatever the look says. */
  readonly quietForGiven: boolean
  /** Bound of the whole run; without it a slow command is never ended. */
  readonly timeout?: number
  /** A limit that something else puts on the run: shortly before it the tree is looked at. */
  readonly before?: number
  /** What processes get between SIGTERM and SIGKILL, and a last look when the run is cancelled. */
  readonly grace: number
  readonly reportDir: string
  readonly continueOnHang: boolean
  /** Whether NODE_OPTIONS lets inspectors take any free port: then processes are looked at side by side. */
  readonly freePorts: boolean
}

export const DEFAULT_QUIET_MS = 5 * 60_000
export const DEFAULT_GRACE_MS = 10_000
export const DEFAULT_REPORT_DIR = 'impasse-report'
/** As timeout(1): the command hung and was ended. */
export const HANG_EXIT_CODE = 124
/** As timeout(1): Impasse itself failed before the command could run. */
export const OWN_FAILURE_EXIT_CODE = 125
