/** Heap snapshots as evidence: a file of V8's, of which nothing but its suspended functions is told. */
import type { Snapshot } from '../snapshot/model.ts'

/** The heap snapshot in a file; undefined where the file is none. Throws an `ImpasseError` for one that is cut or damaged. */
export async function captureHeapFile(file: string): Promise<Snapshot | undefined> {
  const { isHeapSnapshotFile } = await import('../heap/snapshot/snapshot-file.ts')
  if (!(await isHeapSnapshotFile(file))) return undefined
  return (await import('./heap-file-snapshot.ts')).snapshotOfHeapFile(file)
}
