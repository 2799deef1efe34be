/**
 * The microtasks that are still to run. They stand in a ring outside of the heap (src/execution/microtask-queue.h), to which the native context points; what ran
 * already is still written there, and counts for nothing.
 */
import type { Memory } from '../../memory/memory.ts'
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

const MOST = 2 ** 20

/** The objects in all queues; undefined where a queue cannot be read. */
export function pendingMicrotasks(
  objects: Objects,
  memory: Memory,
  nativeContexts: readonly number[],
): ReadonlySet<number> | undefined {
  const pending = new Set<number>()
  if (nativeContexts.length === 0) return undefined
  for (const context of nativeContexts) {
    const length = objects.smi(context + objects.fields.context.length)
    const queue = length === undefined ? undefined : rawAddress(objects, context + 2 + length)
    if (queue === undefined) return undefined
    const [size, capacity, start, ring] = [8, 16, 24, 32].map(at => memory.word(queue + at)) as Four
    if (size === undefined || capacity === undefined || start === undefined || ring === undefined)
      return undefined
    if (capacity > MOST || size > capacity || (capacity > 0 && start >= capacity)) return undefined
    if (capacity > 0 && Math.log2(capacity) % 1 !== 0) return undefined
    for (let index = 0; index < size; index++) {
      const task = objects.fromTagged(memory.word(ring + 8 * ((start + index) % capacity)))
      if (objects.shape(task) === shape.job) pending.add(task)
    }
  }
  return pending
}

type Four = [number | undefined, number | undefined, number | undefined, number | undefined]

/** An address that is no pointer to an object. */
function rawAddress(objects: Objects, word: number): number | undefined {
  const { halves, words } = objects.arena
  if (word >= words) return undefined
  const [low, high] = [halves[2 * word]!, halves[2 * word + 1]!]
  return low % 8 === 0 && high < 0x8000 && high * 2 ** 32 + low > 65536 ? high * 2 ** 32 + low : undefined
}
