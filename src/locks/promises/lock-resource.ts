/** A promise lock as a resource of the waits-for graph: its units, and why its holders may not be all. */
import type { Resource } from '../../snapshot/model.ts'
import type { LockAdapter } from './adapters/adapter.ts'
import { adapterOf, capacityOf } from './adapters/adapters.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import { moreByCount } from './counters.ts'
import type { FactContext } from './fact-context.ts'
import { reachedByTimer } from './reached-by-timers.ts'
import { acquiredUnawaited, givenBackElsewhere, letInElsewhere } from './releases-elsewhere.ts'
import { takersElsewhere } from './takers-elsewhere.ts'

export const uncounted = 'how many it lets in is not told: the heap snapshot has no numbers'

/** `taken`: the units that its holders are seen to have. */
export function lockResource(
  waits: AsyncWaits,
  { process, adapters }: FactContext,
  lock: PromiseLock,
  { id, label, taken }: { readonly id: string; readonly label: string; readonly taken: number },
): Resource {
  const known = libraryOf(waits, lock, adapters)
  const told = lockCapacity(waits, lock, adapters)
  const units = { ...lock.units, ...(told !== undefined && { capacity: told }) }
  // A queue that runs its holders itself may be at rest, or let in more of them.
  const untold =
    isUncounted(waits, lock, adapters) && lock.holds.some(({ acquired }) => acquired === undefined)
  const elsewhere =
    (untold ? uncounted : undefined) ??
    othersInside(lock) ??
    moreByCount(waits, lock, taken) ??
    givenBackElsewhere(waits, lock) ??
    letInElsewhere(waits, lock) ??
    takersElsewhere(waits, lock) ??
    reachedByTimer(waits, lock) ??
    (units.capacity === undefined ? acquiredUnawaited(waits, lock) : undefined)
  const capacity = Math.max(units.capacity ?? taken, taken)
  const unseen = capacity - taken - units.free
  const doubt =
    elsewhere ??
    (unseen > 0 ? `${unseen} of its ${capacity} units are held by something that is not seen` : undefined)
  return {
    id,
    sort: 'reusable',
    kind: known?.adapter.kind ?? (capacity === 1 ? 'mutex' : 'semaphore'),
    label,
    aliases: [],
    process,
    capacity: doubt === undefined ? capacity : { unknown: doubt },
    free: units.free,
    complete: doubt === undefined ? true : { unknown: doubt },
  }
}

function libraryOf({ graph }: AsyncWaits, { owner, parts }: PromiseLock, adapters: readonly LockAdapter[]) {
  return adapterOf(graph.heap, [...(owner === undefined ? [] : [owner]), ...parts], adapters)
}

/** How many it lets in at a time; undefined where no number tells. */
export function lockCapacity(
  waits: AsyncWaits,
  lock: PromiseLock,
  adapters: readonly LockAdapter[],
): number | undefined {
  const known = libraryOf(waits, lock, adapters)
  return (known && capacityOf(waits.graph.heap, known.part, known.adapter)) ?? lock.units.capacity
}

/** No number tells of its units, and it is of no library whose locks have one. */
export function isUncounted(waits: AsyncWaits, lock: PromiseLock, adapters: readonly LockAdapter[]): boolean {
  return (
    waits.graph.heap.withoutNumbers === true && libraryOf(waits, lock, adapters)?.adapter.kind !== 'mutex'
  )
}

/** The reason why its holders are not all whom it has let in. */
function othersInside({ unseen }: PromiseLock): string | undefined {
  if (unseen === 'too many') return 'more promises are pending than were looked at'
  if (unseen.length === 0) return undefined
  return `${unseen.length} that it has let in ${unseen.length === 1 ? 'is' : 'are'} no suspended function`
}
