/** Suspended functions in a core: the heaps of the threads that idled in their event loops, as they were at its one moment. */
import { readHeapsOfCore } from '../heap/memory/read-heaps.ts'
import type { LockFacts } from '../locks/recognise.ts'
import { AddressMap } from '../memory/address-map.ts'
import type { CoreFile } from '../memory/core-file.ts'
import type { CoreMemory } from '../memory/core-memory.ts'
import type { Thread } from '../snapshot/model.ts'
import { type AsyncTasks, tasksOfHeaps, threadHeaps } from './async-tasks.ts'
import type { ProcessFiles } from './task-frames.ts'

/** Adds to `facts` what is suspended; nothing where no thread idled. `executable`: where the process's own is. */
export async function tasksInCore(
  { notes, areas: held }: CoreFile,
  memory: CoreMemory,
  { pid, executable }: { readonly pid: number; readonly executable: string },
  threads: readonly Thread[],
  facts: LockFacts,
  files: ProcessFiles,
): Promise<AsyncTasks> {
  const idle = threads.filter(({ looks }) => looks.at(-1)?.activity.kind === 'event-loop')
  if (idle.length === 0) return { facts, tasks: [], gaps: [] }
  const stacks = notes.threads.map(({ tid, sp }) => ({ tid, pointer: sp }))
  const main = stacks.find(({ tid }) => tid === pid)?.pointer ?? 0
  // Heaps lie in what the core itself holds. It does not name the area of the main thread's stack.
  const ends = new Map(held.map(area => [area.from, area.from + area.held]))
  const areas = memory.map().areas.flatMap(area => {
    const to = Math.min(area.to, ends.get(area.from) ?? area.from)
    if (to <= area.from) return []
    return [{ ...area, to, path: main >= area.from && main < to ? '[stack]' : area.path }]
  })
  const reading = await readHeapsOfCore({ pid, memory, map: new AddressMap(areas), stacks, executable })
  const { heaps, gaps } = threadHeaps(pid, { reading, close: () => {} }, threads)
  const own = heaps.filter(({ party }) => idle.some(({ id }) => id === party))
  const found = await tasksOfHeaps(`p${pid}`, files, own, facts, {})
  return { ...found, gaps: [...found.gaps, ...gaps] }
}
