/**
 * Web Locks (`navigator.locks`, Node 24 and later): named locks of the whole process, exclusive or shared, held and
 * waited for by suspended functions, that is by tasks. Who holds and who waits is told by Node; which of a thread's
 * tasks it is, is not. A task that holds a lock may be the one that waits for another, or may have nothing to do with
 * it, so that no more than suspicion follows.
 */
import type { Hold, Request, Resource, Wait } from '../snapshot/model.ts'
import type { LockFacts } from './atomics/facts.ts'
import { allReaders } from './atomics/units.ts'
import { loopHold, loopOf } from './parked-loop.ts'

export interface NamedLock {
  readonly name: string
  readonly mode: 'shared' | 'exclusive'
}

/** What one thread said about its own locks. */
export interface WebLockView {
  readonly answered: boolean
  /** Whether it has come to the lock manager at all. */
  readonly uses: boolean
  readonly held: readonly NamedLock[]
  /** In the order of the queue. */
  readonly pending: readonly NamedLock[]
  /** Timers of JavaScript may be set in it, also such as keep no process alive: of `AbortSignal.timeout`, say. */
  readonly timed?: boolean
}

export interface WebLockThread extends WebLockView {
  readonly party: string
  /** It stands in `Atomics.wait` or its like: its event loop does not turn. */
  readonly parked: boolean
}

const nowhere = { unknown: 'a suspended function: its place is in the heap' }

/**
 * `closed`: nothing from outside can come to any thread of the process: no timer, socket, file, child or running
 * thread is left that a holder may be waiting for.
 */
export function webLockFacts(process: string, threads: readonly WebLockThread[], closed: boolean): LockFacts {
  const names = [...new Set(threads.flatMap(({ pending }) => pending.map(({ name }) => name)))]
  const resources: Resource[] = []
  const holds: Hold[] = []
  const waits: Wait[] = []
  const silent = threads.filter(({ answered, uses }) => !answered && uses)
  for (const name of names) {
    const all = threads
      .flatMap(({ held, pending }) => [...held, ...pending])
      .filter(lock => lock.name === name)
    const shared = all.some(({ mode }) => mode === 'shared')
    const holders = threads.filter(({ held }) => held.some(lock => lock.name === name))
    const [unseen] = silent
    const id = idOf(process, name)
    resources.push({
      id,
      sort: 'reusable',
      kind: 'Web Lock',
      label: `Web Lock '${name}'`,
      aliases: [],
      process,
      capacity: shared ? allReaders : 1,
      free: holders.length > 0 || unseen ? 0 : 1,
      complete:
        holders.length > 0 || silent.length <= 1
          ? true
          : { unknown: 'several threads did not answer, and any of them may hold it' },
    })
    for (const { party, held } of holders)
      for (const { mode } of held.filter(lock => lock.name === name))
        holds.push(
          holdOf(party, id, mode, shared, {
            sure: true,
            evidence: 'navigator.locks.query() of its thread names it as held',
          }),
        )
    // Somebody is in the way, and all others said that it is not them.
    if (holders.length === 0 && unseen !== undefined && silent.length === 1)
      holds.push(
        holdOf(unseen.party, id, 'exclusive', shared, {
          sure: true,
          evidence: 'every other thread says that it does not hold it: this one does, or is next in line',
        }),
      )
  }
  for (const thread of threads) waits.push(...waitsOf(process, thread, resources, closed))
  const loops = silent.filter(
    ({ party, parked }) => parked && holds.some(hold => hold.party === holderOf(party)),
  )
  for (const { party } of loops) {
    resources.push(loopOf(process, party))
    holds.push(loopHold(process, party))
    waits.push(loopWait(process, party))
  }
  return { resources, holds, productions: [], waits }
}

/** All that a thread holds is put down to one of its tasks. */
function holderOf(party: string): string {
  return `${party}/a1`
}

function idOf(process: string, name: string): string {
  return `${process}/web lock ${name}`
}

function holdOf(
  party: string,
  resource: string,
  mode: NamedLock['mode'],
  shared: boolean,
  { sure, evidence }: { readonly sure: boolean; readonly evidence: string },
): Hold {
  return {
    party: holderOf(party),
    resource,
    units: shared && mode === 'exclusive' ? allReaders : 1,
    ...(shared && { mode }),
    at: nowhere,
    acquiredAt: nowhere,
    sure,
    how: 'observed',
    evidence,
  }
}

/** Each name once: a hundred requests for it in one thread's queue wait for the same. */
function waitsOf(
  process: string,
  { party, held, pending }: WebLockThread,
  resources: readonly Resource[],
  closed: boolean,
): readonly Wait[] {
  const distinct = pending.filter(
    (lock, at) => pending.findIndex(other => other.name === lock.name && other.mode === lock.mode) === at,
  )
  return distinct.map(({ name, mode }, at) => {
    const resource = idOf(process, name)
    const shared = resources.some(({ id, capacity }) => id === resource && capacity === allReaders)
    const request: Request = {
      kind: 'units',
      resource,
      units: shared && mode === 'exclusive' ? allReaders : 1,
      ...(shared && { mode }),
    }
    const holdsIt = held.some(lock => lock.name === name)
    // What the thread has a lock of its own for may wait for a timer or a socket as well as for this.
    const linked = held.length > 0 && (closed || !holdsIt)
    const open: Request = {
      kind: 'anyOf',
      requests: [request, { kind: 'outside', what: 'something else that its thread waits for' }],
    }
    return {
      party: linked ? holderOf(party) : `${party}/a${at + 2}`,
      request: linked && !closed ? open : request,
      call: `navigator.locks.request('${name}')`,
      at: nowhere,
      sure: !linked,
      how: 'observed',
      evidence: 'navigator.locks.query() of its thread names it as pending',
      ...(linked && {
        doubt: `its thread holds ${[...new Set(held.map(lock => `Web Lock '${lock.name}'`))].join(', ')} and waits for Web Lock '${name}', but whether one and the same function does both cannot be seen`,
      }),
    }
  })
}

function loopWait(process: string, party: string): Wait {
  return {
    party: holderOf(party),
    request: { kind: 'units', resource: `${process}/loop ${party}`, units: 1 },
    call: '',
    at: nowhere,
    sure: true,
    how: 'observed',
    evidence: 'a suspended function goes on only when the event loop of its thread turns',
  }
}
