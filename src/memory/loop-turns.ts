/**
 * How often the main thread's event loop has turned, from the memory of its process: libuv counts it (`uv_metrics_info`, since 1.45, that is
 * Node 20.3). A thread that computes need not be stopped for that, since the number changes between two of its callbacks only.
 */

import { textOf } from '../process/proc.ts'
import { isUnknown } from '../snapshot/model.ts'
import { AddressMap } from './address-map.ts'
import { Images } from './images.ts'
import { LiveMemory } from './live-memory.ts'

/** libuv's own loop, which Node's main thread runs; it is in the full symbol table alone (deps/uv/src/uv-common.c). */
const LOOP = 'default_loop_struct'
/** `uv_loop_t.internal_fields` (deps/uv/include/uv.h), and `loop_metrics.metrics.loop_count` in what it points to (uv-common.h). */
const [FIELDS, COUNT] = [40, 8]

export class LoopTurns {
  readonly #pid: number
  readonly #loop: number

  /** Undefined where its libuv does not count, or its executable does not tell where. */
  static of(pid: number, executable: string, version: string): LoopTurns | undefined {
    const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
    const maps = textOf(`/proc/${pid}/maps`)
    if (!(major > 20 || (major === 20 && minor >= 3)) || !maps) return undefined
    const map = new AddressMap(maps)
    const memory = LiveMemory.open(pid, BUDGET)
    if (isUnknown(memory)) return undefined
    let images: Images | undefined
    try {
      images = Images.open(pid, executable, map, memory)
      if (images === undefined) return undefined
      const { elf, path } = images.node
      const [start, first] = [map.startOf(path), elf.segments.find(({ offset }) => offset === 0)]
      const symbol = elf.allSymbols([LOOP]).get(LOOP)
      return start === undefined || first === undefined || symbol === undefined
        ? undefined
        : new LoopTurns(pid, symbol.address - first.address + start)
    } finally {
      images?.close()
      memory.close()
    }
  }

  private constructor(pid: number, loop: number) {
    this.#pid = pid
    this.#loop = loop
  }

  /** Now; undefined where it cannot be read. */
  read(): number | undefined {
    const memory = LiveMemory.open(this.#pid, BUDGET)
    if (isUnknown(memory)) return undefined
    try {
      const fields = memory.word(this.#loop + FIELDS)
      const turns = fields === undefined ? undefined : memory.word(fields + COUNT)
      return turns !== undefined && Number.isSafeInteger(turns) ? turns : undefined
    } finally {
      memory.close()
    }
  }
}

const BUDGET = 2 ** 20
