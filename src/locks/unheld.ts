/** Locks that a thread sleeps for and that no stack is proved to hold: what holds them may be suspended. */
import type { LockFacts } from './atomics/facts.ts'

/** By the parties in question, the resource that each waits for. */
export function unheldLocks(
  { waits, resources, holds }: LockFacts,
  isParked: (party: string) => boolean,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { party, request } of waits) {
    if (request.kind !== 'units' || !isParked(party)) continue
    const resource = resources.find(({ id }) => id === request.resource)
    const isHeld = holds.some(hold => hold.resource === request.resource && hold.sure)
    if (resource?.word !== undefined && resource.sort === 'reusable' && !isHeld) found.set(party, resource.id)
  }
  return found
}
