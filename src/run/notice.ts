/** What Impasse says beside the command: on stderr, where it can never stand still. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { sleep } from '../capture/clock.ts'

/** So long a reader of stderr that has stopped reading is waited for, milliseconds. */
const PATIENCE_MS = 1000

/**
 * Writes to stderr without ever blocking or throwing: Node writes to a pipe synchronously, and a full one would hold us
 * for good. Opened anew through /proc, the same pipe can be written to without waiting (proc_pid_fd(5)). Gives whether
 * all was written.
 */
export async function tell(text: string, patienceMs = PATIENCE_MS): Promise<boolean> {
  let descriptor: number
  try {
    // A file never holds a writer back, and opened anew it would have a position of its own.
    if (fstatSync(2).isFile()) return writeToFile(text)
    descriptor = openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // A socket cannot be opened so, and what is closed cannot at all.
    return tellThroughStream(text)
  }
  try {
    const bytes = Buffer.from(text)
    const until = performance.now() + patienceMs
    for (let written = 0; written < bytes.length; ) {
      try {
        // What is no longer than a page goes into a pipe whole or not at all.
        written += writeSync(descriptor, bytes, written, Math.min(4096, bytes.length - written))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > until) return false
        await sleep(20)
      }
    }
    return true
  } finally {
    closeSync(descriptor)
  }
}

function writeToFile(text: string): boolean {
  try {
    writeSync(2, text)
    return true
  } catch {
    return false
  }
}

function tellThroughStream(text: string): boolean {
  try {
    process.stderr.once('error', () => {}).write(text)
    return true
  } catch {
    return false
  }
}
