/**
 * The word that a thread in `memory.atomic.wait32` or `wait64` sleeps on. The operand is in no frame of V8's that tells names; but the functions of
 * C++ that V8 sleeps in got it as an address in the memory of the module, and have it on their stack.
 */
import type { AddressMap, Area } from './address-map.ts'
import type { Memory } from './memory.ts'

export interface WasmWord {
  /** The same for all threads of the process. */
  readonly address: number
  /** Its offset in the module's memory. */
  readonly byte: number
  /** What stands there now. */
  readonly value: number
}

/** The C++ functions between the sleeping thread and its code need less, bytes. */
const LONGEST = 16 * 1024
/** A 32-bit memory has so much address space for itself, that no access may lead outside of it. */
const RESERVED = 2 ** 32

/** The words of WebAssembly's memories that stand as addresses on a part of a stack: the operand is one of them. */
export function wasmWordsBetween(
  memory: Memory,
  map: AddressMap,
  from: number,
  to: number,
): readonly WasmWord[] {
  const stack = to > from ? memory.bytes(from, Math.min(LONGEST, to - from)) : undefined
  if (stack === undefined) return []
  const found = new Map<number, WasmWord>()
  for (let at = 0; at + 8 <= stack.length; at += 8) {
    const high = stack.readUInt32LE(at + 4)
    if (high === 0 || high >= 0x8000) continue
    const address = high * 2 ** 32 + stack.readUInt32LE(at)
    const area = address % 4 === 0 && !found.has(address) ? map.at(address) : undefined
    const value = area !== undefined && isModuleMemory(map, area) ? memory.int32(address) : undefined
    // What points to its beginning is the memory itself.
    if (value !== undefined && address > area!.from)
      found.set(address, { address, byte: address - area!.from, value })
  }
  return [...found.values()]
}

/** How many memories of WebAssembly a process has. */
export function moduleMemories(map: AddressMap): number {
  return map.areas.filter(area => isModuleMemory(map, area)).length
}

/** Memory that can be read and written, with an address space behind it that cannot: together more than a 32-bit index reaches. */
function isModuleMemory(map: AddressMap, area: Area): boolean {
  if (!area.readable || !area.writable || area.executable || area.path !== '') return false
  const guard = map.at(area.to)
  return guard !== undefined && !guard.readable && !guard.writable && guard.to - area.from >= RESERVED
}
