/** Core files, which are read by much that a living process does not need: it is loaded when there is one. */
import type { Snapshot } from '../snapshot/model.ts'

export interface CoreOptions {
  /** The executable that the process ran; the one that the core names by default. */
  readonly executable?: string
  /** The folder under which the files of the process are found; `/` by default. */
  readonly sysroot?: string
}

/** Throws an `ImpasseError` for a file that is no core of a Node process, or whose executable is not here. */
export async function captureCore(file: string, options: CoreOptions = {}): Promise<Snapshot> {
  return (await import('./core-snapshot.ts')).snapshotOfCore(file, options)
}
