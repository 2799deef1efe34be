/** What the system says about a file (errno(3)), as the rest of a sentence, and whether one can be written. */
import { accessSync, closeSync, constants, existsSync, openSync, statSync, unlinkSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ImpasseError } from '../errors.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EACCES: 'you have no permission',
  EPERM: 'you have no permission',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your quota of the disk is used up',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ETXTBSY: 'it is a program that runs',
  EIO: 'the device failed to give or take the data',
}

/** Why a file cannot be read or written: `it does not exist`. */
export function fileReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return (error as Error).message
  return reasons[code] ?? `the system says ${code}`
}

/** That `what` (`The report`) cannot be written to a file, with what to do. */
export function notWritable(file: string, what: string, error: unknown): ImpasseError {
  const { code } = error as NodeJS.ErrnoException
  const folder = dirname(resolve(file))
  const say = (why: string, help: string) =>
    new ImpasseError('IMPASSE_WRITE', `${what} cannot be written to ${file}: ${why}.`, help)
  switch (code) {
    case 'ENOENT':
      if (existsSync(folder)) return say(`no file can be made in ${folder}`, 'Name another file.')
      return say(`there is no folder ${folder}`, `Make it first (mkdir -p ${folder}), or name another file.`)
    case 'EISDIR':
      return say('that is a folder', 'Name a file in it.')
    case 'EACCES':
    case 'EPERM':
      return say('you have no permission', 'Name a file in a folder of yours, for example below /tmp.')
    default:
      return say(fileReason(error), 'Name another file.')
  }
}

/**
 * Throws an `ImpasseError` where a file cannot be written, and leaves all as it was: to be asked before the work whose
 * result it is for.
 */
export function refuseUnwritable(file: string, what: string): void {
  try {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    if (stat !== undefined) accessSync(file, constants.W_OK)
    else {
      // What root may do in /proc or on a read-only disk, only the try tells.
      closeSync(openSync(file, 'wx', 0o600))
      unlinkSync(file)
    }
  } catch (error) {
    throw notWritable(file, what, error)
  }
}

/** The same of a folder for files, which is made where it is missing. */
export function refuseNoFolder(folder: string, what: string): void {
  let at = resolve(folder)
  try {
    while (statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at) at = dirname(at)
    if (!statSync(at).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    accessSync(at, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOTDIR' ? 'a part of that path is a file, not a folder' : fileReason(error)
    throw new ImpasseError(
      'IMPASSE_WRITE',
      `${what} cannot be written to ${folder}: ${why}.`,
      'Name another folder.',
    )
  }
}
