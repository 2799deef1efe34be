/**
 * Reading /proc (proc(5)). A process may end or refuse between any two reads, so a file that cannot be read is an
 * answer here, not an exception. Synchronous on purpose: /proc answers from memory, and awaiting costs more than reading.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { ImpasseError } from '../errors.ts'
import { isUnknown, type Unknown } from '../snapshot/model.ts'

/** The text of a file, or why there is none. */
export function readProc(path: string): string | Unknown {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return reason(error, path)
  }
}

/** The text of a file; undefined when it cannot be had, for whatever reason. */
export function textOf(path: string): string | undefined {
  const text = readProc(path)
  return isUnknown(text) ? undefined : text
}

/** Where a link of /proc leads (`/proc/<pid>/exe`, `fd/<n>`, `ns/net`), or why that is not known. */
export function readLink(path: string): string | Unknown {
  try {
    return readlinkSync(path)
  } catch (error) {
    return reason(error, path)
  }
}

/** The numeric entries of a folder in ascending order: pids, tids, descriptors. */
export function numbersIn(folder: string): number[] | Unknown {
  try {
    return readdirSync(folder)
      .map(Number)
      .filter(Number.isSafeInteger)
      .sort((a, b) => a - b)
  } catch (error) {
    return reason(error, folder)
  }
}

/** What is known, or undefined. */
export function known<T>(value: T | Unknown): T | undefined {
  return isUnknown(value) ? undefined : value
}

/** Everything about processes comes from Linux's /proc. */
export function requireLinux(platform: string = process.platform): void {
  if (platform === 'linux') return
  throw new ImpasseError(
    'IMPASSE_UNSUPPORTED',
    `Impasse looks at processes through /proc, which ${platform} does not have.`,
    'Run it on Linux, or inside the Linux container where the program runs.',
  )
}

function reason(error: unknown, path: string): Unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EACCES' || code === 'EPERM') return { unknown: `no permission to read ${path}` }
  if (code === 'ENOENT' || code === 'ESRCH') return { unknown: `${path} does not exist` }
  return { unknown: `${path} cannot be read (${code ?? String(error)})` }
}
