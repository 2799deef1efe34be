/**
 * The stacks of threads that are blocked or stopped, read from the memory of their process. Nothing is traced or written. A
 * reading counts only if the thread did not leave its wait meanwhile.
 */
import { readProc, textOf } from '../process/proc.ts'
import { readThreadStat } from '../process/stat.ts'
import { switches } from '../process/threads.ts'
import { whyNotTraced } from '../process/trace-permission.ts'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { AddressMap } from './address-map.ts'
import { Images } from './images.ts'
import { LiveMemory } from './live-memory.ts'
import { type Stand, type ThreadStack, walkStacks } from './stack-functions.ts'

/** How much of a process is read for one stack, bytes. */
const BUDGET = 96 * 2 ** 20
const ATTEMPTS = 3

/** Never throws; why there is no stack is a sentence's end. */
export function readThreadStack(pid: number, tid: number, executable: string): ThreadStack | Unknown {
  return readThreadStacks(pid, [tid], executable).get(tid)!
}

/** The same of several threads, whose pages and symbols are read once. */
export function readThreadStacks(
  pid: number,
  tids: readonly number[],
  executable: string,
): ReadonlyMap<number, ThreadStack | Unknown> {
  return walkThreads(pid, tids, executable)()
}

/**
 * Reads at once what may change, for threads that are stopped for no longer than that; what it gives looks up names, and has
 * to be called.
 */
export function walkThreads(
  pid: number,
  tids: readonly number[],
  executable: string,
): () => ReadonlyMap<number, ThreadStack | Unknown> {
  const all = (why: string) => () => new Map(tids.map(tid => [tid, { unknown: why }]))
  if (process.arch !== 'x64' || process.platform !== 'linux')
    return all('stacks are read from memory on Linux for x86-64 only')
  const found = new Map<number, ThreadStack | Unknown>()
  const open: (() => void)[] = []
  try {
    let left = tids
    for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
      const before = new Map<number, Resting>()
      for (const tid of left) {
        const rest = resting(pid, tid)
        if (isUnknown(rest)) found.set(tid, rest)
        else before.set(tid, rest)
      }
      const walked = walkOnce(pid, executable, [...before.values()])
      const stayed: (readonly [number, number])[] = []
      left = []
      for (const [index, [tid, { mark }]] of [...before].entries()) {
        const after = resting(pid, tid)
        if (!isUnknown(after) && after.mark === mark) stayed.push([tid, index])
        else {
          found.set(tid, { unknown: 'it moved while its memory was read' })
          left = [...left, tid]
        }
      }
      open.push(() => {
        const stacks = walked()
        for (const [tid, index] of stayed) found.set(tid, stacks[index]!)
      })
    }
  } catch {
    return all('its memory could not be made sense of')
  }
  return () => {
    try {
      for (const name of open) name()
      return found
    } catch {
      return all('its memory could not be made sense of')()
    }
  }
}

/** Changes whenever a thread leaves its wait; undefined for one that does not wait. */
export function restMark(pid: number, tid: number): string | undefined {
  const rest = resting(pid, tid)
  return isUnknown(rest) ? undefined : rest.mark
}

interface Resting {
  readonly pc: number
  readonly sp: number
  /** The same in two readings: it did not move in between. */
  readonly mark: string
}

/** Where a thread rests that neither runs nor could run: it sleeps in the kernel, or is stopped. */
function resting(pid: number, tid: number): Resting | Unknown {
  const state = readThreadStat(pid, tid)?.state
  if (state !== 'S' && state !== 'D' && state !== 'T')
    return { unknown: 'it is not at rest in a call of the system' }
  const text = readProc(`/proc/${pid}/task/${tid}/syscall`)
  if (isUnknown(text)) return text.unknown.startsWith('no permission') ? { unknown: whyNotTraced(pid) } : text
  const words = text.trim().split(' ')
  const [sp, pc] = words.slice(-2).map(Number) as [number, number]
  // One that was stopped between two calls of the system shows `-1` and its two registers.
  const complete = words.length === 9 || (state === 'T' && words.length === 3)
  if (!complete || !Number.isSafeInteger(sp) || !Number.isSafeInteger(pc))
    return { unknown: 'it is not at rest in a call of the system' }
  const counted = switches(pid, [tid]).get(tid)
  if (counted === undefined) return { unknown: 'the thread has ended' }
  return { pc, sp, mark: `${state} ${text} ${counted.voluntary} ${counted.involuntary}` }
}

/** What it gives has to be called: it closes what was opened. */
function walkOnce(
  pid: number,
  executable: string,
  stands: readonly Stand[],
): () => readonly (ThreadStack | Unknown)[] {
  const none = (why: string) => () => stands.map(() => ({ unknown: why }))
  if (stands.length === 0) return () => []
  const maps = textOf(`/proc/${pid}/maps`)
  if (!maps) return none('its map of memory may not be read')
  const memory = LiveMemory.open(pid, BUDGET)
  if (isUnknown(memory)) return none(memory.unknown)
  const map = new AddressMap(maps)
  let images: Images | undefined
  const close = () => {
    images?.close()
    memory.close()
  }
  try {
    images = Images.open(pid, executable, map, memory)
    if (images === undefined) {
      close()
      return none('its executable is no image for x86-64')
    }
    const named = walkStacks(memory, map, images, stands)
    return () => {
      try {
        return named()
      } finally {
        close()
      }
    }
  } catch (error) {
    close()
    throw error
  }
}
