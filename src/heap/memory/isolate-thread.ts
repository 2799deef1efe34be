/**
 * Which thread runs an isolate: the one on whose stack its stack guard's limit lies. The guard is among an isolate's first fields, which compiled code
 * addresses directly (src/execution/isolate-data.h), and has not moved since V8 10.
 */
import type { AddressMap } from '../../memory/address-map.ts'
import type { Memory } from '../../memory/memory.ts'

/** A thread and where its stack is at present. */
export interface ThreadStackPointer {
  readonly tid: number
  readonly pointer: number
}

/** How far V8's Heap stands in its Isolate, by V8 version. */
const HEAP_IN_ISOLATE: ReadonlyMap<number, number> = new Map([
  [1002, 0xc638],
  [1103, 0xd2c0],
  [1204, 0xdea0],
  [1306, 0xeff8],
  [1406, 0xf3c0],
])
const LIMIT = 0x10
/** The kernel lets the main thread's stack grow downwards as it is used: its limit may not be mapped yet. */
const LARGEST_MAIN_STACK = 64 * 2 ** 20

/** The isolate that a Heap belongs to; the Heap's own address where the distance is not known. */
export function isolateOf(heap: number, version: number): number {
  return heap - (HEAP_IN_ISOLATE.get(version) ?? 0)
}

export function threadOfIsolate(
  memory: Memory,
  isolate: number,
  map: AddressMap,
  stacks: readonly ThreadStackPointer[],
): number | undefined {
  const limit = memory.word(isolate + LIMIT)
  if (limit === undefined || limit < 4096) return undefined
  const found = stacks.filter(({ pointer }) => {
    const area = map.at(pointer)
    if (area === undefined) return false
    const from = area.path === '[stack]' ? area.to - LARGEST_MAIN_STACK : area.from
    return limit >= from && limit < area.to
  })
  return found.length === 1 ? found[0]!.tid : undefined
}
