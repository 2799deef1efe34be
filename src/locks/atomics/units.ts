import type { Hold, Resource } from '../../snapshot/model.ts'
import type { Word } from '../../snapshot/question.ts'

/** In a read-write lock a reader takes one unit and a writer all: more than there are threads. */
export const allReaders = 1_000_000

/** How many units there are. Of a semaphore the word tells only what is left: all that are out must be known (rule S2). */
export function capacityOf(
  kind: string,
  word: Word | undefined,
  holds: readonly Hold[],
  complete: boolean,
): Resource['capacity'] {
  if (kind === 'mutex' || kind === 'ticket lock') return 1
  if (kind === 'read-write lock') return allReaders
  if (kind === 'semaphore' && complete && word) return Math.max(0, Number(word.value)) + holds.length
  return {
    unknown: kind === 'event' ? 'it is no store of units' : 'the word tells only how many units are left',
  }
}

/** How many units nobody holds, by the value of the word. */
export function freeOf(
  kind: string,
  word: Word | undefined,
  free: number | undefined,
  holds: readonly Hold[],
  capacity: Resource['capacity'],
): Resource['free'] {
  if (!word) return { unknown: 'the word could not be read' }
  const value = Number(word.value)
  if (kind === 'semaphore') return Math.max(0, value)
  if (kind === 'mutex') return value === free ? 1 : 0
  if (kind === 'read-write lock' && typeof capacity === 'number')
    return Math.max(
      0,
      capacity - holds.reduce((sum, hold) => sum + (hold.mode === 'shared' ? 1 : capacity), 0),
    )
  return 0
}

/** In a read-write lock every hold is shared or exclusive. */
export function withMode(hold: Hold): Hold {
  return hold.mode === 'shared' ? hold : { ...hold, mode: 'exclusive', units: allReaders }
}
