import { basename } from 'node:path'
import type { Resource } from '../../snapshot/model.ts'
import type { CallNode } from '../../sources/syntax-tree.ts'
import type { OtherParty } from './facts.ts'
import { calledName } from './function-catalogue.ts'
import type { Holding } from './holder.ts'
import type { JudgedHold } from './judged-hold.ts'
import type { Prepared } from './prepared.ts'
import { stepsOf } from './steps.ts'
import { shorten } from './told-hold.ts'
import { useOf } from './use.ts'
import type { Waiter } from './waiter.ts'

/** Why a list of holders is not complete while a thread idles. */
export function mayHoldUnseen(party: string): string {
  return `a callback or a suspended function of ${party} may hold it`
}

/** Why a list of holders is not complete where an async function takes such a lock and awaits. */
export function mayHoldSuspended(name: string): string {
  return `${name} may hold it while it awaits something`
}

/** What was seen of the process as a whole. */
export interface Seen {
  readonly prepared: Prepared
  /** All parties of which anything is known. */
  readonly parties: readonly string[]
  readonly waiters: readonly Waiter[]
  readonly read: ReadonlyMap<string, readonly Holding[]>
  readonly unread: readonly Holding[]
  readonly others: readonly OtherParty[] | undefined
}

/** Says whether those who hold something, or could bring it, are all of them, and why not. */
export class Completeness {
  readonly #seen: Seen

  constructor(seen: Seen) {
    this.#seen = seen
  }

  /** Then no code can run but what stands on the stacks. */
  #everybodyWaits(): boolean {
    return this.#seen.others !== undefined && this.#freeToRun().length === 0
  }

  producers(): Resource['complete'] {
    return this.#seen.others ? true : { unknown: 'not all threads of the process are known' }
  }

  holders(
    judged: readonly JudgedHold[],
    lock: string,
    byOwner: boolean,
    handedOn: JudgedHold | undefined,
  ): Resource['complete'] {
    if (byOwner) return true
    const single = lock === 'mutex' || lock === 'ticket lock'
    if (single && judged.some(one => one.doubt === undefined)) return true
    if (handedOn) {
      const suspended = this.#suspendedCallee(handedOn)
      if (suspended !== undefined) return { unknown: mayHoldSuspended(suspended) }
      const taker = handedOn.holding.party
      return {
        unknown: `${taker} took it, but nothing on its stack gives it back: another thread may be meant to`,
      }
    }
    const unseen = this.#seen.others === undefined ? [] : this.#seen.others.filter(other => !other.idle)
    if (this.#seen.others === undefined) return { unknown: 'not all threads of the process are known' }
    if (unseen.length > 0) return { unknown: `the stack of ${unseen[0]!.party} was not read` }
    const [frame] = this.#seen.prepared.unread
    if (frame) return { unknown: `${frame.activation.functionName || 'a frame'}: ${frame.why}` }
    const unread = this.#seen.unread.find(one => !one.event.acquiring || one.event.acquiring.lock === lock)
    if (unread) {
      const { step } = unread.event
      const text = step.kind === 'call' ? shortText(step.call, unread, this.#seen.prepared) : 'a lock'
      return { unknown: `${unread.party} may hold it: ${text} could not be evaluated` }
    }
    const sample = judged[0]?.holding.event ?? [...this.#seen.read.values()].flat()[0]?.event
    const use = sample && useOf(this.#seen.prepared.catalogue, sample)
    if (use?.suspendable[0]) return { unknown: mayHoldSuspended(use.suspendable[0]) }
    if (single && judged.length > 0) return { unknown: 'its holder is not sure' }
    if (lock === 'lock') return { unknown: 'how the word is used could not be told from the source' }
    if (judged.length > 0) return true
    const changing = this.#justChanging()
    if (changing !== undefined) return { unknown: changing }
    const idle = this.#seen.others.find(other => other.idle)
    return idle ? { unknown: mayHoldUnseen(idle.party) } : true
  }

  /** A thread that does not wait, amid a function that changes words: it may have taken one a moment ago, or be about to give it back. */
  #justChanging(): string | undefined {
    for (const [party, stack] of this.#seen.prepared.stacks) {
      if (this.#seen.waiters.some(waiter => waiter.party === party)) continue
      const frame = stack.find(({ syntax, owner }) =>
        stepsOf(syntax, owner).steps.some(({ kind }) => kind === 'change'),
      )
      if (frame !== undefined)
        return `${party} is at work in ${frame.activation.functionName || 'a function'}, which takes or gives back such a word`
    }
    return undefined
  }

  /** A call that took it and has returned at its first `await`: what gives it back is still to come in there. */
  #suspendedCallee({ holding: { party, event } }: JudgedHold): string | undefined {
    const frame = this.#seen.prepared.stacks.get(party)?.[event.depth ?? 0]
    if (event.step.kind !== 'call' || !frame) return undefined
    const name = calledName(frame.syntax, event.step.call)
    const { suspendable } = useOf(this.#seen.prepared.catalogue, event)
    return name !== undefined && suspendable.includes(name) ? name : undefined
  }

  /** S4: a callback of an idle thread may give the lock back for its holder: a watchdog that breaks old locks. */
  givenBackByCallback([held]: readonly JudgedHold[], [waiter]: readonly Waiter[]): string | undefined {
    const idle = this.#seen.others?.find(other => other.idle)
    const { named, acquiring } = waiter ?? {}
    const awaited = named && acquiring && { within: { ...named, ambiguous: false }, acquiring }
    const sample = held?.holding.event ?? awaited
    const stray = sample && idle && useOf(this.#seen.prepared.catalogue, sample).stray
    if (!stray) return undefined
    const { prepared } = this.#seen
    const script = prepared.scriptOf.get(stray.syntax)
    const { line, column } = stray.syntax.lines.positionAt(stray.owner.start)
    const place = script === undefined ? undefined : prepared.texts.original(script, line, column)
    const where = place ? ` (${basename(place.file)}:${place.line}:${place.column})` : ''
    return `a callback${where}, which ${idle.party} may still run, gives it back too`
  }

  /** Why the units that were found may not be all of a semaphore's. */
  uncounted(): string | undefined {
    return this.#seen.others ? undefined : 'more units than were found may be out: not all threads are known'
  }

  /**
   * S2: a semaphore may have more units out than were found. With paired use each lies on a stack, and all stacks were
   * read; but who is free to run may release one in code that was not read. These, and why; its holds are a proof only
   * while none of these can go on.
   */
  mayRelease(judged: readonly JudgedHold[]): { readonly parties: readonly string[]; readonly why: string } {
    const why = this.givenBackElsewhere(judged)
      ? 'as is done where it was not acquired'
      : 'in code that was not read'
    return { parties: judged.length === 0 ? [] : this.#freeToRun(), why }
  }

  #freeToRun(): readonly string[] {
    const { parties, waiters } = this.#seen
    const waits = (party: string) =>
      waiters.some(waiter => waiter.party === party && (waiter.timeout === null || waiter.retried))
    return parties.filter(party => !waits(party))
  }

  /** A unit of a semaphore may be out in a callback of a thread that idles now, which will give it back. */
  givenBackElsewhere([sample]: readonly JudgedHold[]): boolean {
    if (sample?.holding.event.acquiring?.lock !== 'semaphore' || this.#everybodyWaits()) return false
    return useOf(this.#seen.prepared.catalogue, sample.holding.event).unpaired > 0
  }
}

function shortText(call: CallNode, holding: Holding, prepared: Prepared): string {
  const frame = prepared.stacks.get(holding.party)?.[holding.event.depth ?? 0]
  return frame ? `\`${shorten(frame.syntax.textOf(call).replace(/\s+/g, ' '))}\`` : 'a call'
}
