/**
 * What each thread holds and waits for in `navigator.locks` (Node 24 and later). A thread is asked only when the
 * program has used its lock manager, and only one whose stack is empty: the answer is a promise, which settles when
 * its event loop turns. It tells of the thread's own locks only; names are common to the whole process.
 */
import { countTimers } from '../inspector/idle-thread.ts'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { NamedLock, WebLockView } from '../locks/web-locks.ts'
import { type Clock, sleep } from './clock.ts'

/** Asked is who has just answered: where that takes long, it is for want of a processor. */
const ANSWER_MS = 1500
/** Requests that are still there after this time are no passing ones. */
const STANDING_MS = 60

/** By thread; empty when nobody waits for such a lock. */
export async function readWebLocks(
  threads: readonly InspectedThread[],
  idle: readonly InspectedThread[],
  clock: Clock,
): Promise<ReadonlyMap<InspectedThread, WebLockView>> {
  const first = await askAll(idle, clock)
  if (![...first.values()].some(view => view.pending.length > 0)) return new Map()
  await sleep(clock.limit(STANDING_MS))
  const [second, others] = await Promise.all([
    askAll([...first.keys()], clock),
    Promise.all(
      threads
        .filter(thread => !first.has(thread))
        .map(async thread => [thread, await thread.usesWebLocks(clock.limit(ANSWER_MS))] as const),
    ),
  ])
  const views = new Map<InspectedThread, WebLockView>()
  for (const [thread, { held, pending }] of first) {
    const now = second.get(thread)
    if (now === undefined) views.set(thread, { answered: false, uses: true, held: [], pending: [] })
    else {
      const timers = await countTimers(thread, clock.limit(ANSWER_MS))
      views.set(thread, {
        ...now,
        held: inBoth(held, now.held),
        pending: inBoth(pending, now.pending),
        timed: timers !== 0,
      })
    }
  }
  for (const [thread, uses] of others) {
    // A thread that never came to the lock manager has nothing in it.
    const answered = uses === false
    views.set(thread, { answered, uses: uses !== false, held: [], pending: [] })
  }
  return views
}

async function askAll(
  threads: readonly InspectedThread[],
  clock: Clock,
): Promise<ReadonlyMap<InspectedThread, WebLockView>> {
  const asked = await Promise.all(
    threads.map(async thread => {
      const limit = clock.limit(ANSWER_MS)
      if ((await thread.usesWebLocks(limit)) !== true) return undefined
      const locks = await thread.read('webLocks', limit)
      return isQueried(locks) ? ([thread, { answered: true, uses: true, ...locks }] as const) : undefined
    }),
  )
  return new Map(asked.filter(view => view !== undefined))
}

/** Equal entries cannot be told apart: as many as both have. */
function inBoth(before: readonly NamedLock[], after: readonly NamedLock[]): readonly NamedLock[] {
  const left = before.map(keyOf)
  return after.filter(lock => {
    const at = left.indexOf(keyOf(lock))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

function keyOf({ name, mode }: NamedLock): string {
  return `${mode} ${name}`
}

function isQueried(
  value: unknown,
): value is { readonly held: readonly NamedLock[]; readonly pending: readonly NamedLock[] } {
  const lists = value as { held?: unknown; pending?: unknown } | undefined | null
  return [lists?.held, lists?.pending].every(
    list => Array.isArray(list) && list.every(entry => typeof entry?.name === 'string'),
  )
}
