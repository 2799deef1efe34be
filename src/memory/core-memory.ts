/** The memory of a process in a core file: what the file holds, and for the rest (code, constants) the files that were mapped. */
import { AddressMap, type Area } from './address-map.ts'
import type { CoreFile } from './core-file.ts'
import type { CoreMapping } from './core-notes.ts'
import { ElfImage } from './elf-image.ts'
import { MappedFiles } from './mapped-files.ts'
import { PagedMemory } from './memory.ts'

const PAGE = 4096
/** AT_SYSINFO_EHDR of getauxval(3): where the kernel's own library is. */
const VDSO = 33

export class CoreMemory extends PagedMemory {
  readonly files: MappedFiles
  readonly #core: CoreFile

  /** `given` names single files by the names that the process had them under. */
  constructor(core: CoreFile, sysroot: string, given: ReadonlyMap<string, string>, budget: number) {
    super(budget)
    this.#core = core
    this.files = new MappedFiles(sysroot, given, path => this.buildOf(path))
  }

  /** The build of a mapped image, from its first pages, which cores hold. */
  buildOf(path: string): string | undefined {
    const start = this.#core.notes.mappings.find(mapping => mapping.path === path && mapping.offset === 0)
    return start && ElfImage.of((at, length) => this.held(start.from + at, length))?.buildId
  }

  /** Bytes that the core itself holds. */
  held(address: number, length: number): Buffer | undefined {
    const area = rangeAt(this.#core.areas, address)
    if (area === undefined || address + length > area.from + area.held) return undefined
    return this.#core.at(address - area.from + area.offset, length)
  }

  /** Where things lie, as `/proc/<pid>/maps` tells of a living process. */
  map(): AddressMap {
    const { areas, notes } = this.#core
    const vdso = notes.auxiliary.get(VDSO)
    const told = areas.map((area): Area => {
      const mapping = mappingAt(notes.mappings, area.from)
      return {
        from: area.from,
        to: area.to,
        readable: area.readable,
        writable: area.writable,
        shared: false,
        executable: area.executable,
        offset: mapping === undefined ? 0 : mapping.offset + area.from - mapping.from,
        path: mapping?.path ?? (area.from === vdso ? '[vdso]' : ''),
      }
    })
    // gcore leaves out areas that it has nothing to say of: code.
    const silent = notes.mappings
      .filter(({ from }) => rangeAt(areas, from) === undefined)
      .map((mapping): Area => {
        return {
          ...mapping,
          readable: true,
          writable: false,
          shared: false,
          executable: this.#isCode(mapping),
        }
      })
    return new AddressMap([...told, ...silent].sort((a, b) => a.from - b.from))
  }

  protected override fill(address: number, into: Buffer): boolean {
    const area = rangeAt(this.#core.areas, address)
    const end = address + into.length
    if (area !== undefined && end <= area.from + area.held)
      return this.#core.fill(address - area.from + area.offset, into)
    const mapping = mappingAt(this.#core.notes.mappings, address)
    if (into.length > PAGE) return this.#fillByPages(address, into)
    if (mapping === undefined || end > mapping.to) return false
    return this.files.fill(mapping.path, address - mapping.from + mapping.offset, into)
  }

  #fillByPages(address: number, into: Buffer): boolean {
    for (let at = 0; at < into.length; ) {
      const length = Math.min(into.length - at, PAGE - ((address + at) % PAGE))
      if (!this.fill(address + at, into.subarray(at, at + length))) return false
      at += length
    }
    return true
  }

  #isCode({ path, offset }: CoreMapping): boolean {
    const file = this.files.get(path)
    if (typeof file === 'string') return false
    return (
      file.elf?.segments.some(
        segment =>
          segment.executable && offset + PAGE > segment.offset && offset < segment.offset + segment.fileSize,
      ) ?? false
    )
  }
}

function mappingAt(mappings: readonly CoreMapping[], address: number): CoreMapping | undefined {
  return mappings.find(({ from, to }) => address >= from && address < to)
}

/** Of ranges in ascending order. */
function rangeAt<Range extends { readonly from: number; readonly to: number }>(
  ranges: readonly Range[],
  address: number,
): Range | undefined {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[middle]!.from <= address) low = middle + 1
    else high = middle
  }
  const range = ranges[low - 1]
  return range !== undefined && address < range.to ? range : undefined
}
