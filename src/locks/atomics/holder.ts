import type { Word } from '../../snapshot/question.ts'
import { known, wordKey } from './environment.ts'
import type { FrameEvents, LockEvent } from './event.ts'
import { belongTogether, gives, net, sameWord } from './netting.ts'
import { loopAround } from './steps.ts'

/** An acquisition on a stack that nothing on that stack has undone. */
export interface Holding {
  readonly party: string
  readonly event: LockEvent
  /** How many releases of it are still to come on this stack (rule S1). */
  readonly ahead: number
  /** What this stack is about to take is given back by a guard of its own. */
  readonly guarding: boolean
}

/** What a thread holds: its frames from the outermost in, each taking back what it releases and adding what it takes. */
export function holdingsOf(party: string, frames: readonly FrameEvents[]): readonly Holding[] {
  let holds: readonly LockEvent[] = []
  for (let depth = frames.length - 1; depth >= 0; depth--) {
    const past = frames[depth]!.past.map(event => ({ ...event, depth }))
    holds = net(past, holds).holds
  }
  const ahead = frames.flatMap(frame => frame.ahead)
  const guarding = frames.some(frame => frame.guarding)
  return holds.map(event => {
    const later = ahead.filter(one => releases(one, event))
    // A guard gives back what it was made for, and nothing else: it cannot be meant for another acquisition.
    const guarded =
      event.scoped === true ||
      later.some(one => one.kind === 'give-back' || (!('known' in one.word) && isRepeated(one)))
    return { party, event, guarding, ahead: guarded ? Number.POSITIVE_INFINITY : later.length }
  })
}

function releases(later: LockEvent, hold: LockEvent): boolean {
  if (later.kind === 'give-back') return hold.step.kind === 'call' && hold.step.call === later.guard
  if (!gives(hold.acquiring, later.change ?? {})) return false
  if ('known' in later.word) return sameWord(hold, later)
  if (later.about === hold.about) return true
  // `while (held.length > 0) held.pop().unlock()`: which locks these are only the run will tell.
  return isRepeated(later) && later.candidates?.some(one => belongTogether(one, hold.within)) === true
}

function isRepeated({ step, within }: LockEvent): boolean {
  return loopAround(within.syntax, within.owner, step.completes) !== undefined
}

/** Holdings whose word could be read, by word; and the rest. */
export function byWord(holdings: readonly Holding[]): {
  readonly read: ReadonlyMap<string, readonly Holding[]>
  readonly unread: readonly Holding[]
} {
  const read = new Map<string, Holding[]>()
  const unread: Holding[] = []
  for (const holding of holdings) {
    const word: Word | undefined = known(holding.event.word)
    if (!word) {
      unread.push(holding)
      continue
    }
    const list = read.get(wordKey(word))
    if (list) list.push(holding)
    else read.set(wordKey(word), [holding])
  }
  return { read, unread }
}
