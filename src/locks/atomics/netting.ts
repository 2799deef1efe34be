import type { Acquiring, Change } from './acquiring.ts'
import { known, wordKey } from './environment.ts'
import type { LockEvent } from './event.ts'
import { classOf, type Origin } from './function-catalogue.ts'
import { contains } from './steps.ts'

/** Acquisitions that were not undone, and changes that undid none of them. */
export interface Net {
  readonly holds: readonly LockEvent[]
  readonly changes: readonly LockEvent[]
}

/** Plays events in their order: a release takes back the newest hold of its word. */
export function net(events: readonly LockEvent[], before: readonly LockEvent[] = []): Net {
  let holds: LockEvent[] = [...before]
  const changes: LockEvent[] = []
  for (const event of events) {
    if (event.kind === 'acquire') {
      const change = event.change
      // A read-modify-write that could take a lock of one kind gives back one of another (`v + 1`).
      if (change && takeBack(event, change)) continue
      const merged = alternative(holds, event)
      if (merged) holds = merged
      else holds.push(event)
    } else if (event.kind === 'give-back') {
      const index = holds.findLastIndex(hold => hold.step.kind === 'call' && hold.step.call === event.guard)
      if (index >= 0) undo(index, event)
      else if (event.unread) changed(event.unread)
    } else changed(event)
  }
  return { holds, changes }

  function changed(event: LockEvent) {
    if (takeBack(event, event.change ?? {})) return
    changes.push(event)
    if (!('known' in event.word))
      holds = holds.map(hold => (mayUndo(event, hold) ? doubted(hold, event) : hold))
  }

  function takeBack(event: LockEvent, change: Change): boolean {
    const index = holds.findLastIndex(hold => sameWord(hold, event) && gives(hold.acquiring, change))
    if (index < 0) return false
    undo(index, event)
    return true
  }

  function undo(index: number, event: LockEvent) {
    const hold = holds[index]!
    const surely =
      event.doubts.length === 0 && event.conditions.every(condition => hold.conditions.includes(condition))
    holds = surely
      ? holds.filter((_, at) => at !== index)
      : holds.map((one, at) => (at === index ? doubted(one, event) : one))
  }
}

function doubted(hold: LockEvent, release: LockEvent): LockEvent {
  const why = 'it may have been released since, by a call whose effect could not be decided'
  return hold.doubts.includes(why) || !release ? hold : { ...hold, doubts: [...hold.doubts, why] }
}

/** Equal words, or, where neither can be read, equal texts in one moment. */
export function sameWord(hold: LockEvent, event: LockEvent): boolean {
  const left = known(hold.word)
  const right = known(event.word)
  if (left && right) return wordKey(left) === wordKey(right)
  return !left && !right && hold.about === event.about && hold.moment.earlier === event.moment.earlier
}

/** A release of some lock of the same class, or of the same words, that could not be read. */
function mayUndo(release: LockEvent, hold: LockEvent): boolean {
  if (release.anything || release.within.owner === hold.within.owner) return true
  if (release.candidates?.some(one => belongTogether(one, hold.within))) return true
  const left = classOf(release.within.syntax, release.within.owner)
  return left !== undefined && left === classOf(hold.within.syntax, hold.within.owner)
}

/** Two methods of a class, or two functions of a text that has no class for them. */
export function belongTogether(one: Origin, other: Origin): boolean {
  const [left, right] = [classOf(one.syntax, one.owner), classOf(other.syntax, other.owner)]
  return left === right && (left !== undefined || one.syntax === other.syntax)
}

/** Rule C4: `if (!tryLock()) lock()` takes it once, on one of two ways. */
function alternative(holds: readonly LockEvent[], event: LockEvent): LockEvent[] | undefined {
  const index = holds.findLastIndex(
    hold =>
      hold.otherwise !== undefined &&
      hold.depth === event.depth &&
      contains(hold.otherwise, event.step.completes) &&
      sameWord(hold, event) &&
      hold.moment.earlier === event.moment.earlier,
  )
  if (index < 0) return undefined
  const { otherwise, ...hold } = holds[index]!
  const open = `try ${hold.step.completes.start}`
  const settled = { ...hold, conditions: hold.conditions.filter(condition => condition !== open) }
  return holds.map((one, at) => (at === index ? settled : one))
}

/** Whether a change of the word gives back what was taken in this way. */
export function gives(acquiring: Acquiring | undefined, change: Change): boolean {
  if (!acquiring) return true
  const { by, to } = change
  if (by === undefined && to === undefined) return true
  if (acquiring.consuming || acquiring.lock === 'semaphore') return by !== undefined ? by > 0 : to !== 0
  if (acquiring.lock === 'ticket lock') return by === undefined || by > 0
  if (acquiring.mode === 'shared') return by !== undefined ? by < 0 : to === 0
  if (acquiring.lock === 'mutex') {
    const { free = 0, taken } = acquiring
    if (to !== undefined) return to === free
    // Back towards free: counting up the word of a barrier gives back no lock whose free word is 0.
    return taken === undefined ? by !== 0 : Math.sign(by!) === Math.sign(free - taken)
  }
  return true
}
