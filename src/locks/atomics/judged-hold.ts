import { known } from './environment.ts'
import type { LockEvent } from './event.ts'
import type { FunctionCatalogue } from './function-catalogue.ts'
import type { Holding } from './holder.ts'
import { useOf } from './use.ts'
import type { Waiter } from './waiter.ts'

/** A holding with what speaks for it and against it. */
export interface JudgedHold {
  readonly holding: Holding
  readonly doubt: string | undefined
  /** The word itself names the holder. */
  readonly byOwner: boolean
  /** Nothing on the stack of its taker gives it back, and the program does elsewhere: a gate, a hand-off, a slot. */
  readonly handedOn: boolean
}

/**
 * Rules S1 and S3: which of the holdings of one word are believed. A word that is taken and given back in pairs is a
 * lock; one that is only consumed is not. The value of the word, where it names an owner, decides.
 */
export function judge(
  holdings: readonly Holding[],
  waiters: readonly Waiter[],
  catalogue: FunctionCatalogue,
): readonly JudgedHold[] {
  const value = currentValue(holdings, waiters)
  const judged: JudgedHold[] = []
  for (const holding of holdings) {
    const { event, ahead } = holding
    const acquiring = event.acquiring
    if (!acquiring) continue
    // The word says that nobody has it.
    if (acquiring.plain && acquiring.free !== undefined && value === acquiring.free) continue
    // S1: a counter that this stack never gives back is consumed, not held.
    if (!acquiring.plain && ahead === 0) continue
    if (holdsItself(holding, waiters)) continue
    const owned = ownerIn(event, value)
    if (owned === 'another') continue
    const byOwner = owned === 'this'
    judged.push({
      holding,
      doubt: byOwner ? undefined : doubtOf(event),
      byOwner,
      handedOn:
        !byOwner && ahead < needed(holding, holdings, waiters) && useOf(catalogue, event).releases > 0,
    })
  }
  return exclusive(judged)
}

/** The newest reading of the word, the waiters' own first: they are known to stand still. */
function currentValue(holdings: readonly Holding[], waiters: readonly Waiter[]): number | undefined {
  for (const { word } of waiters) {
    const read = known(word)
    if (read) return Number(read.value)
  }
  const read = holdings[0] && known(holdings[0].event.word)
  return read && Number(read.value)
}

/** An acquisition counts against its own thread only when it was made further out than the one that waits. */
function holdsItself({ party, event }: Holding, waiters: readonly Waiter[]): boolean {
  const own = waiters.find(waiter => waiter.party === party)
  return own !== undefined && event.depth !== undefined && event.depth < own.site
}

/** Owner words: what this acquisition wrote is compared with what stands there. */
function ownerIn(event: LockEvent, value: number | undefined): 'this' | 'another' | undefined {
  if (event.taken === undefined || value === undefined || !isOwnerWord(event)) return undefined
  return event.taken === value ? 'this' : 'another'
}

function isOwnerWord(event: LockEvent): boolean {
  const takes = event.acquiring?.takes
  return takes !== undefined && takes.type !== 'Literal' && event.ownerWord === true
}

/**
 * How many releases have to be ahead on the stack of a lock's owner: one for each time that it has it, and one more
 * where it is about to take it again. Who takes a word twice and gives it back once waits for somebody else's release.
 */
function needed(
  { party, guarding, event: { acquiring: own } }: Holding,
  holdings: readonly Holding[],
  waiters: readonly Waiter[],
): number {
  // A reader's release is none of the writer's.
  const again = waiters.some(({ party: by, acquiring }) => by === party && acquiring?.mode === own?.mode)
  if (!again) return 1
  // What may have been given back since need not be given back again.
  const taken = holdings.filter(
    ({ party: by, event }) =>
      by === party && event.acquiring?.mode === 'exclusive' && event.doubts.length === 0,
  ).length
  return Math.max(1, guarding ? taken : taken + 1)
}

function doubtOf(event: LockEvent): string | undefined {
  if (event.doubts[0]) return event.doubts[0]
  if (event.conditions.length > 0)
    return 'whether that acquisition was run, or succeeded, could not be decided'
  if (event.within.ambiguous) return 'several functions of the program have the text of the one that took it'
  return undefined
}

/** What a stack tells of a call that has returned at its `await` is known better where that call itself is seen as a task of the thread. */
function isOfSuspended({ holding: { party, event } }: JudgedHold, all: readonly JudgedHold[]): boolean {
  if (event.suspended !== true) return false
  return all.some(({ doubt, holding }) => doubt === undefined && holding.party.startsWith(`${party}/a`))
}

/** S3: one word, two exclusive holders cannot be; the same party twice is listed once, where it took it first. */
function exclusive(judged: readonly JudgedHold[]): readonly JudgedHold[] {
  const owned = judged.filter(one => one.byOwner)
  const told = judged.filter(one => !isOfSuspended(one, judged))
  const believed = owned.length > 0 ? owned : told
  const once: JudgedHold[] = []
  for (const one of believed) {
    const { mode, lock } = one.holding.event.acquiring!
    const same = once.findIndex(
      other => other.holding.party === one.holding.party && mode === 'exclusive' && lock !== 'semaphore',
    )
    if (same < 0) once.push(one)
    else if (once[same]!.doubt !== undefined && one.doubt === undefined) once[same] = one
  }
  const sole = once.filter(
    one => one.holding.event.acquiring!.lock !== 'semaphore' && one.doubt === undefined,
  )
  const writers = sole.filter(one => one.holding.event.acquiring!.mode === 'exclusive')
  // Where one thread surely has it alone, what another may have is out of date.
  if (writers.length === 1 && sole.length === 1) return sole
  if (writers.length === 0) return once
  const doubt = 'another thread seems to hold it too, and only one can'
  return once.map(one => (one.doubt === undefined ? { ...one, doubt } : one))
}
