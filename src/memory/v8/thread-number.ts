/**
 * Which thread of `worker_threads` a JavaScript thread is. Node's own modules have it from `internalBinding('worker')`; what `internalBinding`
 * has given already it keeps in an object of its closure (lib/internal/bootstrap/realm.js), and most of these modules close over it.
 */
import type { Objects, Seen } from './objects.ts'

export interface ThreadNumber {
  /** 0 is the main thread. */
  readonly threadId: number
  /** Empty where it has none, or before Node 24. */
  readonly name: string
}

/** So many functions are looked through at most. */
const MOST = 400

/** `closures`: functions on the thread's stack. Undefined where it was not found. */
export function threadNumber(objects: Objects, closures: readonly number[]): ThreadNumber | undefined {
  const queue = [...closures]
  const seen = new Set(queue)
  for (let at = 0; at < queue.length && at < MOST; at++) {
    const closure = queue[at]!
    if (objects.code(closure) === undefined) continue
    for (const [name, value] of objects.variables(objects.context(closure))) {
      if (value?.kind !== 'object' || objects.sort(value.at) !== 'function') continue
      const found = name === 'internalBinding' ? bindingOf(objects, value.at) : undefined
      if (found !== undefined) return found
      if (!seen.has(value.at)) queue.push(value.at)
      seen.add(value.at)
    }
  }
  return undefined
}

function bindingOf(objects: Objects, internalBinding: number): ThreadNumber | undefined {
  const given = objects.named(objects.context(internalBinding), 'bindingObj')
  const worker = typeof given === 'object' ? ownOf(objects, given, 'worker') : undefined
  const id = ownOf(objects, worker, 'threadId')
  const name = ownOf(objects, worker, 'threadName')
  if (id?.kind !== 'number' || !Number.isInteger(id.value) || id.value < 0) return undefined
  return { threadId: id.value, name: name?.kind === 'string' ? name.value : '' }
}

function ownOf(objects: Objects, of: Seen | undefined, name: string): Seen | undefined {
  const property = of?.kind === 'object' ? objects.own(of.at, name) : undefined
  return property?.kind === 'value' ? property.value : undefined
}
