/** Codes are stable: scripts may test for them in the JSON of exit code 2. */
export type ErrorCode =
  | 'IMPASSE_USAGE'
  | 'IMPASSE_NO_SUCH_PROCESS'
  | 'IMPASSE_NOT_NODE'
  | 'IMPASSE_NO_PERMISSION'
  | 'IMPASSE_PROCESS_REPLACED'
  | 'IMPASSE_PROCESS_EXITED'
  | 'IMPASSE_UNSUPPORTED'
  | 'IMPASSE_WRITE'
  /** A file cannot be opened or read. */
  | 'IMPASSE_READ'
  /** A file is larger than can be read. */
  | 'IMPASSE_TOO_LARGE'
  /** A file ends in the middle, or its compression is damaged. */
  | 'IMPASSE_DAMAGED'
  /** A file is something else than a snapshot or a report with one inside. */
  | 'IMPASSE_FOREIGN'
  /** A file says that it is a snapshot, but does not hold what one has to hold. */
  | 'IMPASSE_MALFORMED'
  /** A file was written by a version whose files this one cannot read. */
  | 'IMPASSE_VERSION'
  | 'IMPASSE_INTERRUPTED'

/** A failure that a user can do something about. Everything else that is thrown is a bug of Impasse. */
export class ImpasseError extends Error {
  override readonly name = 'ImpasseError'
  readonly code: ErrorCode
  /** What to do about it, one or two sentences. */
  readonly help: string

  constructor(code: ErrorCode, message: string, help: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.help = help
  }

  /** No diagnosis was made. */
  get exitCode(): number {
    return 2
  }
}
