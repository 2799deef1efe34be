/** What a resource can still give, for each of the two passes of the reduction. */
import { type Hold, isUnknown, type Resource } from '../snapshot/model.ts'
import type { ResourceNode } from './waits-for-graph.ts'

/** `proof`: sure facts only. `suspicion`: maybe-holds count as holds; what is unknown can still come in both. */
export type Pass = 'proof' | 'suspicion'

/** True when nothing can be said against a request for it: its demand may always be met. */
export function isOpen(node: ResourceNode, pass: Pass): boolean {
  const { resource, holds, productions } = node
  if (resource.sort === 'consumable') {
    if (resource.complete !== true) return true
    if (typeof resource.free === 'number' && resource.free > 0) return true
    // That nobody is left to bring it, or that somebody only may, is a reason for suspicion, not a proof.
    return pass === 'proof' && (productions.length === 0 || productions.some(production => !production.sure))
  }
  return pass === 'proof' && (holds.length === 0 || holds.some(hold => !hold.sure))
}

/**
 * Units that can be had before any known holder gives some back; Infinity when the capacity is unknown. Units that no
 * known holder accounts for may belong to an unknown, live holder; a complete list rules that out, though not for a
 * proof: then they are lost, and a lost unit is only suspected.
 */
export function unitsAtHand({ resource, holds }: ResourceNode, pass: Pass): number {
  if (isUnknown(resource.capacity)) return Infinity
  const freeKnown = typeof resource.free === 'number'
  const free = typeof resource.free === 'number' ? resource.free : 0
  const known = holds.reduce((sum, hold) => sum + hold.units, free)
  const unseen = pass === 'proof' || resource.complete !== true || !freeKnown
  return unseen ? free + Math.max(0, resource.capacity - known) : free
}

/** A holder that lets nobody else in, not even a reader. */
export function isExclusive(hold: Hold, resource: Resource): boolean {
  if (hold.mode) return hold.mode === 'exclusive'
  return typeof resource.capacity !== 'number' || hold.units >= resource.capacity
}

/** A taken lock that nobody holds: the holder is gone. */
export function isOrphaned({ resource, holds }: ResourceNode): boolean {
  return (
    resource.sort === 'reusable' && holds.length === 0 && resource.complete === true && resource.free === 0
  )
}
