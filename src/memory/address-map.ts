/** What lies where in a process's address space: `/proc/<pid>/maps` (proc_pid_maps(5)). */

export interface Area {
  readonly from: number
  readonly to: number
  readonly readable: boolean
  readonly writable: boolean
  readonly executable: boolean
  /** Memory that other processes may share with it. */
  readonly shared: boolean
  /** Where in the file it begins. */
  readonly offset: number
  /** Empty for anonymous memory; `[stack]`, `[vdso]` for what the kernel names. */
  readonly path: string
}

export class AddressMap {
  readonly areas: readonly Area[]

  /** From the file's text, or from areas in ascending order. */
  constructor(source: string | readonly Area[]) {
    this.areas = typeof source === 'string' ? source.split('\n').flatMap(line => parse(line) ?? []) : source
  }

  /** The area that holds an address. */
  at(address: number): Area | undefined {
    let low = 0
    let high = this.areas.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.areas[middle]!.to <= address) low = middle + 1
      else high = middle
    }
    const area = this.areas[low]
    return area !== undefined && address >= area.from ? area : undefined
  }

  isExecutable(address: number): boolean {
    return this.at(address)?.executable === true
  }

  /** Where a file's first byte is mapped. */
  startOf(path: string): number | undefined {
    return this.areas.find(area => area.path === path && area.offset === 0)?.from
  }
}

const line = /^([0-9a-f]+)-([0-9a-f]+) (r|-)(w|-)(x|-)(.) ([0-9a-f]+) \S+ \d+\s*(.*)$/

function parse(text: string): Area | undefined {
  const parts = line.exec(text)
  if (parts === null) return undefined
  const [, from = '', to = '', readable, writable, executable, sharing, offset = '', path = ''] = parts
  return {
    from: Number.parseInt(from, 16),
    to: Number.parseInt(to, 16),
    readable: readable === 'r',
    writable: writable === 'w',
    executable: executable === 'x',
    shared: sharing === 's',
    offset: Number.parseInt(offset, 16),
    path,
  }
}
