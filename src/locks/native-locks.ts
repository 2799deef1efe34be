/** Waits in locks of the C library, as addons and native threads have them, in the model's words. */
import type { Frame, Hold, Production, Request, Resource, Thread, Wait } from '../snapshot/model.ts'
import type { LockFacts } from './atomics/facts.ts'

/** What a thread was seen to wait for; threads are named by the kernel's number, undefined where they have ended. */
export interface NativeLockWait {
  readonly thread: Thread
  /** The same for one lock in all threads. */
  readonly key: string
  readonly kind: 'mutex' | 'read-write lock' | 'thread'
  readonly mode?: 'shared' | 'exclusive'
  /** Who holds it, or who has to end. */
  readonly holder: Thread | undefined
  /** How many hold it for reading. */
  readonly readers: number
  readonly timed: boolean
  readonly call: string
}

/** Adds these waits with what they wait for and who holds it. */
export function withNativeLocks(
  process: string,
  waits: readonly NativeLockWait[],
  facts: LockFacts,
): LockFacts {
  const resources: Resource[] = [...facts.resources]
  const holds: Hold[] = [...facts.holds]
  const productions: Production[] = [...facts.productions]
  const found: Wait[] = [...facts.waits]
  const known = new Map<string, string>()
  for (const wait of waits) {
    if (facts.waits.some(({ party }) => party === wait.thread.id)) continue
    let resource = known.get(wait.key)
    if (resource === undefined) {
      resource = freeId(process, resources)
      known.set(wait.key, resource)
      resources.push(resourceOf(resource, process, wait))
      const { holder, kind } = wait
      if (holder !== undefined && kind === 'thread') {
        const evidence = `pthread_join names it: tid ${holder.tid}`
        productions.push({ party: holder.id, resource, sure: true, how: 'observed', evidence })
      } else if (holder !== undefined) holds.push(holdOf(resource, wait, holder))
    }
    found.push(waitOf(resource, wait))
  }
  return { resources, holds, productions, waits: found }
}

function freeId(process: string, resources: readonly Resource[]): string {
  const taken = new Set(resources.map(({ id }) => id))
  let number = resources.length + 1
  while (taken.has(`${process}/r${number}`)) number += 1
  return `${process}/r${number}`
}

function resourceOf(id: string, process: string, wait: NativeLockWait): Resource {
  const { kind, key, holder, readers } = wait
  const isThread = kind === 'thread'
  return {
    id,
    sort: isThread ? 'consumable' : 'reusable',
    kind: isThread ? 'event' : kind,
    label: isThread ? `the end of thread ${holder === undefined ? key : holder.tid}` : labelOf(wait),
    aliases: [],
    process,
    capacity: isThread ? { unknown: 'a thread ends once' } : 1,
    free: 0,
    complete:
      readers > 0
        ? { unknown: `it is held for reading by ${readers}, and the C library does not keep by whom` }
        : holder === undefined
          ? { unknown: 'the thread that it names is not there' }
          : true,
  }
}

/** `pthread mutex 0x7f31c4 of addon.node`. */
function labelOf({ kind, key, thread }: NativeLockWait): string {
  const owner = framesOf(thread).find(frame => frame.kind === 'native' && frame.owner !== 'node')
  const file = typeof owner?.file === 'string' ? ` of ${owner.file.replace(/^.*\//, '')}` : ''
  return `the ${kind} ${key}${file}`
}

function holdOf(resource: string, { kind, key }: NativeLockWait, holder: Thread): Hold {
  return {
    party: holder.id,
    resource,
    units: 1,
    ...(kind === 'read-write lock' ? { mode: 'exclusive' as const } : {}),
    at: { unknown: 'the C library does not keep where it was taken' },
    acquiredAt: { unknown: 'the C library does not keep where it was taken' },
    sure: true,
    how: 'observed',
    evidence: `the ${kind} at ${key} names its owner: tid ${holder.tid}`,
  }
}

function waitOf(resource: string, { thread, kind, mode, timed, call }: NativeLockWait): Wait {
  const asked: Request =
    kind === 'thread'
      ? { kind: 'produced', resource }
      : { kind: 'units', resource, units: 1, ...(mode === undefined ? {} : { mode }) }
  const frames = framesOf(thread)
  const own = frames.findIndex(frame => frame.kind === 'js' && frame.owner === 'program')
  const index = own === -1 ? frames.findIndex(frame => frame.kind === 'js') : own
  return {
    party: thread.id,
    request: timed
      ? { kind: 'anyOf', requests: [asked, { kind: 'deadline', inMs: null, leaves: true }] }
      : asked,
    call,
    at: frames[index] ?? { unknown: 'no JavaScript is on its stack' },
    ...(index >= 0 ? { frame: index } : {}),
    sure: true,
    how: 'observed',
    evidence: `it sleeps in ${call}`,
  }
}

function framesOf({ looks }: Thread): readonly Frame[] {
  return looks.at(-1)?.frames ?? []
}
