/** Files that name code, lines and lock states of a program which may be secret: for their owner's eyes. */
import { closeSync, fchmodSync, fstatSync, openSync, writeFileSync } from 'node:fs'
import { notWritable } from './file-errors.ts'

/** Writes a file with mode 0600, also where it existed before. `what` is told where that fails: `The report`. */
export function writePrivateFile(file: string, content: string | Uint8Array, what: string): void {
  try {
    const descriptor = openSync(file, 'w', 0o600)
    try {
      // A terminal or /dev/null keeps its mode.
      if (fstatSync(descriptor).isFile()) fchmodSync(descriptor, 0o600)
      writeFileSync(descriptor, content)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw notWritable(file, what, error)
  }
}
