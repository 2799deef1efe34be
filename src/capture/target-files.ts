/** Files as the target sees them: through its own root when it lives in another mount namespace. */
import { statSync } from 'node:fs'
import { targetPath } from '../process/namespaces.ts'
import { textOf } from '../process/proc.ts'
import type { Target } from '../process/target.ts'

/** The kernel tells a start to a few hundredths of a second, and many files are built just before they are run. */
const START_MS = 200

/** Undefined where the file cannot be read. */
export function readTargetFile(target: Target, path: string): string | undefined {
  const reachable = targetPath(target, path)
  return reachable === undefined ? undefined : textOf(reachable)
}

/** Whether a file is newer than the process; false where that cannot be told. */
export function changedSinceStart(target: Target, path: string): boolean {
  const reachable = path.startsWith('/') ? targetPath(target, path) : undefined
  const changed =
    reachable === undefined ? undefined : statSync(reachable, { throwIfNoEntry: false })?.mtimeMs
  return changed !== undefined && changed > Date.parse(target.startedAt) + START_MS
}
