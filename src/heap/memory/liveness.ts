/**
 * What may still run or be reached. A collector would drop suspended functions that nothing but each other can go on with; those are kept here
 * (a deadlock may be of that kind), garbage of all other kinds is not.
 */
import { isAwaiting, isSuspended } from './activations.ts'
import { Marker } from './mark.ts'
import type { Objects } from './objects.ts'
import type { Promises } from './promises.ts'
import { shape } from './shapes.ts'
import { flag, type Walk } from './walk.ts'

const MOST_ROUNDS = 1000

export function markLive(objects: Objects, promises: Promises, walk: Walk, roots: Int32Array): void {
  const { flags } = walk
  const marker = new Marker(objects.arena, flags, objects.sizes)
  const isMarked = (object: number) => (flags[object]! & (flag.live | flag.pending)) !== 0
  for (const root of roots) if (flags[root]! & flag.start && !isMarked(root)) marker.mark(root, flag.live)
  for (const object of walk.generators)
    if (!isMarked(object) && isSuspended(objects, object) && isAwaiting(objects, object))
      marker.mark(object, flag.pending)
  // A pending promise that nobody refers to, but that something waits for.
  let rest = walk.promises.filter(promise => !isMarked(promise) && promises.hasReactions(promise))
  for (let round = 0; rest.length > 0 && round < MOST_ROUNDS; round++) {
    const before = rest.length
    rest = rest.filter(promise => {
      if (isMarked(promise)) return false
      const leads = promises.followers(promise).some(object => isWaiting(objects, object, isMarked))
      if (leads) marker.mark(promise, flag.pending)
      return !leads
    })
    if (rest.length === before) return
  }
}

/** Whether what follows on a promise is a suspended function, or a promise that is waited for. */
function isWaiting(objects: Objects, object: number, isMarked: (object: number) => boolean): boolean {
  const code = objects.shape(object)
  if (code === shape.promise) return isMarked(object)
  return code >= shape.asyncFunction && code <= shape.generator && isSuspended(objects, object)
}
