/** The files that a process had mapped, as they are found here: those whose build is another one are not taken for them. */
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { ElfImage } from './elf-image.ts'

export interface MappedFile {
  readonly path: string
  readonly fd: number
  /** Undefined for a file that is no image for x86-64. */
  readonly elf: ElfImage | undefined
}

/** Why a file is not to be had. */
export type Missing = 'absent' | 'another build'

export class MappedFiles {
  readonly #sysroot: string
  /** Names of files by the names that the process had them under. */
  readonly #given: ReadonlyMap<string, string>
  readonly #buildOf: (path: string) => string | undefined
  readonly #open = new Map<string, MappedFile | Missing>()

  /** `buildOf` tells the build that the process ran, where that is known; `given` names single files, whatever the root. */
  constructor(
    sysroot: string,
    given: ReadonlyMap<string, string>,
    buildOf: (path: string) => string | undefined,
  ) {
    this.#sysroot = sysroot
    this.#given = given
    this.#buildOf = buildOf
  }

  get(path: string): MappedFile | Missing {
    let known = this.#open.get(path)
    if (known === undefined) {
      known = this.#find(path)
      this.#open.set(path, known)
    }
    return known
  }

  /** False unless all of it could be read. */
  fill(path: string, offset: number, into: Buffer): boolean {
    const file = this.get(path)
    if (typeof file === 'string') return false
    try {
      const count = readSync(file.fd, into, 0, into.length, offset)
      // The last page of a mapping is filled up with zeros.
      into.fill(0, count)
      return count > 0
    } catch {
      return false
    }
  }

  /** Names of files that were asked for and are not to be had. */
  get missing(): readonly (readonly [string, Missing])[] {
    return [...this.#open].flatMap(([path, file]) =>
      typeof file === 'string' ? [[path, file] as const] : [],
    )
  }

  close(): void {
    for (const file of this.#open.values()) if (typeof file !== 'string') closeSync(file.fd)
    this.#open.clear()
  }

  #find(path: string): MappedFile | Missing {
    let fd: number
    try {
      fd = openSync(this.#given.get(path) ?? join(this.#sysroot, path.replace(/ \(deleted\)$/, '')), 'r')
    } catch {
      return 'absent'
    }
    const elf = ElfImage.ofFile(fd)
    const wanted = this.#buildOf(path)
    if (wanted !== undefined && elf?.buildId !== wanted) {
      closeSync(fd)
      return 'another build'
    }
    return { path, fd, elf }
  }
}
