/** The ELF images that a process runs: Node's executable from its file, all others as they lie in memory. */
import { closeSync, openSync } from 'node:fs'
import type { AddressMap } from './address-map.ts'
import { ElfImage } from './elf-image.ts'
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
  readonly elf: ElfImage
  readonly unwind: UnwindTable | undefined
  readonly isNode: boolean
}

export class Images {
  readonly node: Image
  readonly #map: AddressMap
  readonly #memory: Memory
  readonly #nodePath: string
  readonly #known = new Map<string, Image | undefined>()
  readonly #fd: number

  /** Undefined when the executable cannot be read as an image of x86-64. */
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
    return new Images(fd, elf, executable, map, memory)
  }

  private constructor(fd: number, elf: ElfImage, executable: string, map: AddressMap, memory: Memory) {
    this.#fd = fd
    this.#map = map
    this.#memory = memory
    // A file that was replaced since is mapped under another name.
    this.#nodePath = map.areas.some(({ path }) => path === executable)
      ? executable
      : `${executable} (deleted)`
    this.node = { elf, unwind: UnwindTable.of(elf), isNode: true }
    this.#known.set(this.#nodePath, this.node)
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
    closeSync(this.#fd)
  }

  #imageOf(path: string, start: number): Image | undefined {
    if (this.#known.has(path)) return this.#known.get(path)
    const at = path === '[vdso]' ? start : this.#map.startOf(path)
    const elf = at === undefined ? undefined : ElfImage.inMemory(this.#memory, at)
    const image = elf && { elf, unwind: UnwindTable.of(elf), isNode: false }
    this.#known.set(path, image)
    return image
  }
}
