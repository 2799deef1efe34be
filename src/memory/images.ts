/** The ELF images that a process runs: Node's executable from its file, all others as they lie in memory. */
import { closeSync, openSync } from 'node:fs'
import type { AddressMap } from './address-map.ts'
import { ElfImage } from './elf-image.ts'
import { MappedFiles } from './mapped-files.ts'
import type { Memory } from './memory.ts'
import { UnwindTable } from './unwind-table.ts'

/** What kind of code an address belongs to. */
export type Code =
  /** Compiled by V8 at run time. */
  | { readonly kind: 'compiled' }
  /** V8's embedded builtins, the bytecode handlers among them. */
  | { readonly kind: 'builtin' }
  /** C and C++; `address` is of the image. */
  | { readonly kind: 'native'; readonly address: number; readonly image: Image }

export interface Image {
  /** The name that it is mapped under. */
  readonly path: string
  readonly elf: ElfImage
  readonly unwind: UnwindTable | undefined
  readonly isNode: boolean
  /** The image as its file has it, with the tables that are not loaded; undefined where that build's is not here. */
  readonly file: () => ElfImage | undefined
}

export class Images {
  readonly node: Image
  readonly #map: AddressMap
  readonly #memory: Memory
  readonly #known = new Map<string, Image | undefined>()
  readonly #files: MappedFiles
  readonly #close: () => void

  /** Those of a living process. Undefined when the executable cannot be read as an image of x86-64. */
  static open(pid: number, executable: string, map: AddressMap, memory: Memory): Images | undefined {
    let fd: number
    try {
      fd = openSync(`/proc/${pid}/exe`, 'r')
    } catch {
      return undefined
    }
    const elf = ElfImage.ofFile(fd)
    if (elf === undefined) {
      closeSync(fd)
      return undefined
    }
    // A file that was replaced since is mapped under another name.
    const path = map.areas.some(area => area.path === executable) ? executable : `${executable} (deleted)`
    const files = new MappedFiles(`/proc/${pid}/root`, new Map(), mapped => {
      const start = map.startOf(mapped)
      return start === undefined ? undefined : ElfImage.inMemory(memory, start)?.buildId
    })
    return new Images(path, elf, map, memory, files, () => {
      closeSync(fd)
      files.close()
    })
  }

  /** `files` finds the files of all images but Node's. */
  constructor(
    nodePath: string,
    node: ElfImage,
    map: AddressMap,
    memory: Memory,
    files: MappedFiles,
    close: () => void = () => files.close(),
  ) {
    this.#map = map
    this.#memory = memory
    this.#files = files
    this.#close = close
    this.node = {
      path: nodePath,
      elf: node,
      unwind: UnwindTable.of(node),
      isNode: true,
      file: () => node,
    }
    this.#known.set(nodePath, this.node)
  }

  /** Undefined for what is no code. */
  codeAt(address: number): Code | undefined {
    const area = this.#map.at(address)
    if (area === undefined || !area.executable) return undefined
    if (area.path === '' || area.path.startsWith('[anon')) return { kind: 'compiled' }
    const image = this.#imageOf(area.path, area.from - area.offset)
    if (image === undefined) return undefined
    // Builtins are mapped a second time beside compiled code: by the file's offset both are the same.
    const own = image.elf.addressOf(address - area.from + area.offset)
    if (own === undefined) return undefined
    const gap = image.isNode ? image.unwind?.longestGap : undefined
    return gap && own > gap.from && own < gap.to && image.unwind?.row(own) === undefined
      ? { kind: 'builtin' }
      : { kind: 'native', address: own, image }
  }

  close(): void {
    this.#close()
  }

  #imageOf(path: string, start: number): Image | undefined {
    if (this.#known.has(path)) return this.#known.get(path)
    const isVdso = path === '[vdso]'
    const at = isVdso ? start : this.#map.startOf(path)
    const elf = at === undefined ? undefined : ElfImage.inMemory(this.#memory, at)
    const file = () => {
      const found = isVdso ? undefined : this.#files.get(path)
      return typeof found === 'object' ? found.elf : undefined
    }
    const image = elf && { path, elf, unwind: UnwindTable.of(elf), isNode: false, file }
    this.#known.set(path, image)
    return image
  }
}
