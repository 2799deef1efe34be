/**
 * Reads the heaps of all isolates of a process, from its memory. Nothing is stopped, traced or written; a reading during which a thread ran is tried again,
 * and says so when it stays so.
 */
import { closeSync, openSync } from 'node:fs'
import { AddressMap } from '../../memory/address-map.ts'
import { ElfImage } from '../../memory/elf-image.ts'
import { LiveMemory } from '../../memory/live-memory.ts'
import { isMeasured, type Layout, readLayout } from '../../memory/v8/layout.ts'
import { textOf } from '../../process/proc.ts'
import { isUnknown } from '../../snapshot/model.ts'
import type { HeapGraph } from '../graph.ts'
import { Arena } from './arena.ts'
import { type Builtins, readBuiltins } from './builtins.ts'
import { findChunks } from './chunks.ts'
import { MemoryGraph } from './graph.ts'
import { HeapImage } from './heap-image.ts'
import { isolateOf, type ThreadStackPointer, threadOfIsolate } from './isolate-thread.ts'
import { markLive } from './liveness.ts'
import { type Moment, momentOf, movedBetween } from './motion.ts'
import { type Roots, scanRoots } from './roots.ts'
import { Shapes } from './shapes.ts'
import { touchedPages } from './touched-pages.ts'
import { walk } from './walk.ts'

export interface IsolateHeap {
  readonly graph: HeapGraph
  /** The kernel's number of the thread that runs it; undefined where no proof of it was found. */
  readonly tid: number | undefined
}

export interface HeapGap {
  readonly what: string
  readonly reason: string
  readonly remedy: string
}

export type HeapReading =
  /** `close` when no more will be asked. */
  { readonly heaps: readonly IsolateHeap[]; close(): void } | { readonly gap: HeapGap }

export interface ReadingOptions {
  /** Larger heaps are not read, bytes. */
  readonly largest?: number
  readonly attempts?: number
  /** Is told what is being done, before each step. */
  readonly progress?: (step: string) => void
}

const LARGEST = 2 ** 30
const ATTEMPTS = 3

/** The first heap is that of the main thread, where that is known. Never throws. */
export async function readHeaps(pid: number, options: ReadingOptions = {}): Promise<HeapReading> {
  try {
    return await read(pid, options)
  } catch (error) {
    return gap(`its heap could not be made sense of (${(error as Error).message})`)
  }
}

function gap(
  reason: string,
  remedy = 'Async tasks can be seen through the inspector, with --heap.',
): { readonly gap: HeapGap } {
  return { gap: { what: 'async tasks', reason, remedy } }
}

async function read(pid: number, options: ReadingOptions): Promise<HeapReading> {
  const { largest = LARGEST, attempts = ATTEMPTS, progress } = options
  if (process.arch !== 'x64' || process.platform !== 'linux')
    return gap('heaps are read from memory on Linux for x86-64 only')
  progress?.('reading the executable')
  const executable = describeExecutable(pid)
  if ('gap' in executable) return executable
  const { layout, builtins } = executable
  let taken: Taken | undefined
  for (let attempt = 0; attempt < attempts && taken?.moved.size !== 0; attempt++) {
    progress?.('reading the heap')
    const memory = LiveMemory.open(pid, BUDGET)
    if (isUnknown(memory)) return gap(memory.unknown, 'Run impasse as the same user, with CAP_SYS_PTRACE.')
    const next = take(pid, memory, layout.version, largest)
    taken?.memory.close()
    if ('gap' in next) {
      memory.close()
      return next
    }
    taken = next
    await pause()
  }
  if (taken === undefined) return gap('it was not read')
  progress?.('looking for suspended functions')
  const { arena, roots, moved, memory, map, stacks } = taken
  const selves = arena.translate()
  await pause()
  const walked = walk(arena, selves, layout, new Shapes(layout))
  if (walked === undefined) {
    memory.close()
    return gap('no objects were found in its heap: this V8 lays it out in another way')
  }
  await pause()
  const image = new HeapImage({ arena, walk: walked, roots, layout, builtins, outside: memory })
  markLive(image.objects, image.promises, walked, roots.hits)
  const heaps = [...new Set(arena.chunks.map(({ heap }) => heap))].filter(heap => heap !== 0)
  const read = heaps.map(heap => {
    const isolate = isolateOf(heap, layout.version)
    const tid = threadOfIsolate(memory, isolate, map, stacks)
    const ran = tid === undefined ? moved.size > 0 : moved.has(tid)
    return { graph: new MemoryGraph(image, { isolate, heap }, ran ? MOVED : true), tid }
  })
  return {
    heaps: read.sort((a, b) => Number(b.tid === pid) - Number(a.tid === pid)),
    close: () => memory.close(),
  }
}

const MOVED = 'its thread ran while its memory was read'
/** Texts outside of V8's heap are read when they are asked for, and parts of chunks page by page: more than any heap has. */
const BUDGET = 2 ** 45

interface Executable {
  readonly layout: Layout
  readonly builtins: Builtins | undefined
}

/** What stands in an executable stays as it is: by build. */
const executables = new Map<string, Executable>()

function describeExecutable(pid: number): Executable | { readonly gap: HeapGap } {
  let fd: number
  try {
    fd = openSync(`/proc/${pid}/exe`, 'r')
  } catch {
    return gap('its executable cannot be read')
  }
  try {
    const image = ElfImage.ofFile(fd)
    if (image === undefined) return gap('its executable is no image for x86-64')
    const build = image.buildId ?? ''
    const known = build === '' ? undefined : executables.get(build)
    if (known !== undefined) return known
    const layout = readLayout(image)
    if (isUnknown(layout)) return gap(layout.unknown)
    if (!isMeasured(layout)) return gap(`its V8 is newer than those that are known`)
    const made = { layout, builtins: readBuiltins(image) }
    if (build !== '') executables.set(build, made)
    return made
  } finally {
    closeSync(fd)
  }
}

/** What was read of a process between two moments. */
interface Taken {
  readonly arena: Arena
  readonly roots: Roots
  readonly map: AddressMap
  readonly stacks: readonly ThreadStackPointer[]
  readonly memory: LiveMemory
  /** Threads that ran meanwhile. */
  readonly moved: ReadonlySet<number>
}

function take(
  pid: number,
  memory: LiveMemory,
  version: number,
  largest: number,
): Taken | { readonly gap: HeapGap } {
  const touched = touchedPages(pid)
  try {
    const before = momentOf(pid)
    const maps = textOf(`/proc/${pid}/maps`)
    if (!maps)
      return gap('its map of memory may not be read', 'Run impasse as the same user, with CAP_SYS_PTRACE.')
    const map = new AddressMap(maps)
    const chunks = findChunks(memory, map.areas, version)
    const size = chunks.reduce((sum, { start, areaEnd }) => sum + areaEnd - start, 0)
    if (size === 0) return gap('no heap of V8 was found in its memory')
    if (size > largest)
      return gap(`its heap (${megabytes(size)} MB) is larger than what is read (${megabytes(largest)} MB)`)
    const copy = (address: number, into: Buffer) => memory.copy(address, into)
    const arena = new Arena(chunks, copy)
    const stacks = stackPointers(pid, before)
    const roots = scanRoots(arena, {
      areas: map.areas,
      copy,
      touched,
      stackPointers: stacks.map(({ pointer }) => pointer),
    })
    return { arena, roots, map, stacks, memory, moved: movedBetween(before, momentOf(pid)) }
  } finally {
    touched.close()
  }
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

/** Lets timers and signals of our own come in between. */
function pause(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
