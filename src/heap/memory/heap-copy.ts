/** A copy of all heaps of a process, with what refers to them from outside, and whether a thread ran while it was made. */
import { AddressMap } from '../../memory/address-map.ts'
import type { LiveMemory } from '../../memory/live-memory.ts'
import type { PagedMemory } from '../../memory/memory.ts'
import { textOf } from '../../process/proc.ts'
import type { Unknown } from '../../snapshot/model.ts'
import { allocated } from './allocation.ts'
import { Arena } from './arena.ts'
import { findChunks } from './chunks.ts'
import { isolateOf, type ThreadStackPointer, threadOfIsolate } from './isolate-thread.ts'
import { type Moment, momentOf, movedBetween } from './motion.ts'
import { type Roots, scanRoots } from './roots.ts'
import { allTouched, type TouchedPages, touchedPages } from './touched-pages.ts'

export interface FoundIsolate {
  readonly isolate: number
  readonly heap: number
  readonly tid: number | undefined
}

/** What was read of a process between two moments. */
export interface HeapCopy<M extends PagedMemory = PagedMemory> {
  readonly arena: Arena
  readonly isolates: readonly FoundIsolate[]
  readonly roots: Roots
  readonly memory: M
  /** Threads that ran meanwhile. */
  readonly moved: ReadonlySet<number>
}

/** Copies the heaps of a process. Why it cannot be done is a sentence's end. */
export function copyHeaps(
  pid: number,
  memory: LiveMemory,
  version: number,
  largest: number,
): HeapCopy<LiveMemory> | Unknown {
  const touched = touchedPages(pid)
  try {
    const before = momentOf(pid)
    const maps = textOf(`/proc/${pid}/maps`)
    if (!maps) return { unknown: 'its map of memory may not be read' }
    const place = { memory, map: new AddressMap(maps), stacks: stackPointers(pid, before), touched }
    const copy = copyAll(place, version, largest)
    return 'unknown' in copy ? copy : { ...copy, moved: movedBetween(before, momentOf(pid)) }
  } finally {
    touched.close()
  }
}

/** The same of a core, in which nothing moves. `stacks`: of all its threads. */
export function copyHeapsOfCore(
  memory: PagedMemory,
  map: AddressMap,
  stacks: readonly ThreadStackPointer[],
  version: number,
  largest: number,
): HeapCopy | Unknown {
  const copy = copyAll({ memory, map, stacks, touched: allTouched }, version, largest)
  return 'unknown' in copy ? copy : { ...copy, moved: new Set() }
}

interface Place<M extends PagedMemory> {
  readonly memory: M
  readonly map: AddressMap
  readonly stacks: readonly ThreadStackPointer[]
  readonly touched: TouchedPages
}

function copyAll<M extends PagedMemory>(
  { memory, map, stacks, touched }: Place<M>,
  version: number,
  largest: number,
): Omit<HeapCopy<M>, 'moved'> | Unknown {
  const found = findChunks(memory, map.areas, version)
  const heaps = [...new Set(found.map(({ heap }) => heap))].filter(heap => heap !== 0)
  const isolates = heaps.map(heap => {
    const isolate = isolateOf(heap, version)
    return { heap, isolate, tid: threadOfIsolate(memory, isolate, map, stacks) }
  })
  const { chunks, holes } = allocated(memory, found, isolates)
  const size = chunks.reduce((sum, { start, areaEnd }) => sum + areaEnd - start, 0)
  if (size === 0) return { unknown: 'no heap of V8 was found in its memory' }
  if (size > largest)
    return {
      unknown: `its heap (${megabytes(size)} MB) is larger than what is read (${megabytes(largest)} MB)`,
    }
  const copy = (address: number, into: Buffer) => memory.copy(address, into)
  const arena = new Arena(chunks, copy)
  for (const [from, to] of holes) arena.blank(from, to)
  const roots = scanRoots(arena, {
    areas: map.areas,
    heap: found,
    copy,
    touched,
    stackPointers: stacks.map(({ pointer }) => pointer),
  })
  return { arena, isolates, roots, memory }
}

/** Where the stacks of threads are that wait in a call of the system (proc_pid_syscall(5)). */
function stackPointers(pid: number, threads: Moment): readonly ThreadStackPointer[] {
  return [...threads.keys()].flatMap(tid => {
    const words = textOf(`/proc/${pid}/task/${tid}/syscall`)?.trim().split(' ') ?? []
    const pointer = Number(words.at(-2))
    return words.length >= 3 && Number.isSafeInteger(pointer) && pointer > 0 ? [{ tid, pointer }] : []
  })
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
