import type { Thread } from '../../snapshot/model.ts'
import type { ClosedSet } from '../closed-set.ts'
import { bare, capital, list, nameList, type Roster } from '../roster.ts'
import { lastLook } from '../stay.ts'
import { edgeSentences, waitingIn } from './edge-sentence.ts'
import { goneWorkers } from './gone-workers.ts'
import type { SetKind } from './set-kind.ts'

const mostTold = 6

/** Nobody holds anything: only loops and parked threads that wait for each other. */
export const stranded: SetKind = {
  kind: 'stranded',
  matches: ({ edges }) => edges.every(({ by }) => by.kind === 'production'),

  title: (set, roster) => {
    const { parties, proved } = set
    const { idle, parked } = sorted(set, roster)
    const names = bare(nameList(parties, roster, 3))
    const can = proved ? 'can' : 'seems able to'
    const [first] = parties
    const shared = sharedEvent(set, roster)
    if (shared !== undefined)
      return `nothing ${can} wake ${names} any more: ${parties.length === 2 ? 'both' : 'all of them'} wait for ${shared}`
    if (idle.length === 0) return `nothing ${can} wake ${names} any more`
    if (parties.length === 1)
      return `nothing ${can} wake ${names} any more: it waits for a message that only its own code could send`
    const wait = proved ? 'wait' : 'seem to wait'
    if (parked.length === 0)
      return `nothing ${can} wake this process any more: ${nameList(parties, roster, 3)} ${wait} only for messages from each other`
    if (parked.length === 1 && idle.length === 1) {
      const blocked = roster.name(parked[0]!)
      const waits = proved ? 'waits' : 'seems to wait'
      return first === parked[0]
        ? `${bare(blocked)} ${waits} for ${roster.name(idle[0]!)}, which only a message from ${blocked} could wake`
        : `${bare(roster.name(idle[0]!))} can be woken only by ${blocked}, which ${waits} for it`
    }
    return `nothing ${can} wake this process any more: ${nameList(parties, roster, 3)} ${wait} only for each other`
  },

  explain: (set, roster) => {
    const { idle, parked } = sorted(set, roster)
    if (sharedEvent(set, roster) !== undefined)
      return [...togetherSentences(set, roster), ...goneWorkers(set, roster)].join('\n')
    if (idle.length === 0) return [edgeSentences(set.edges, roster), ...goneWorkers(set, roster)].join('\n')
    return [...parkedSentences(set, parked, roster), loopSentence(set, idle, roster)].join('\n')
  },

  advise: (set, roster) => {
    const { idle, parked } = sorted(set, roster)
    if (parked.length === 1 && idle.length === 1) {
      const [blocked, other] = [roster.name(parked[0]!), roster.name(idle[0]!)]
      return `wait in ${blocked} without blocking it (await, Atomics.waitAsync), or let ${other} answer without needing anything of the event loop of ${blocked}`
    }
    const shared = sharedEvent(set, roster)
    if (shared !== undefined)
      return `see to it that somebody comes who does not wait for ${shared} too: it may await more parties than there are, or one that has failed on its way`
    return 'send what the other side waits for before waiting oneself, or end what nobody needs any more: worker.terminate(), port.close(), unref()'
  },
}

/** What all of them are parked for, where that is one and the same event: the round of a barrier. */
function sharedEvent(set: ClosedSet, roster: Roster): string | undefined {
  const { edges, parties, waits } = set
  const [first] = edges
  if (sorted(set, roster).idle.length > 0) return undefined
  const alike = edges.every(({ resource }) => resource === first?.resource)
  return alike && parties.length > 1 && waits.length === parties.length ? first?.resource.label : undefined
}

/** Those that wait at one place are told together. */
function togetherSentences({ waits, edges }: ClosedSet, roster: Roster): readonly string[] {
  const places = new Map<string, string[]>()
  for (const wait of waits) {
    const place = waitingIn(wait, roster)
    const there = places.get(place) ?? []
    there.push(wait.party)
    places.set(place, there)
  }
  const label = edges[0]!.resource.label
  const told = [...places].map(([place, parties]) => {
    const verb = parties.length === 1 ? 'waits' : 'wait'
    return `${capital(nameList(parties, roster, mostTold))} ${verb} for ${label}${place}.`
  })
  return [...told, 'Each of them could bring it, but none can while it waits itself.']
}

/** The parties that idle in their event loop, and all others. */
function sorted({ parties }: ClosedSet, roster: Roster) {
  const idles = (party: string) => isIdle(roster.thread(party))
  return { idle: parties.filter(idles), parked: parties.filter(party => !idles(party)) }
}

function isIdle(thread: Thread | undefined): boolean {
  return thread !== undefined && lastLook(thread)?.activity.kind === 'event-loop'
}

function parkedSentences({ edges, waits }: ClosedSet, parked: readonly string[], roster: Roster): string[] {
  const told = parked.slice(0, mostTold).map(party => {
    const own = edges.filter(({ from }) => from === party)
    const from = [...new Set(own.map(({ to }) => to))]
    const label = own[0]?.resource.label ?? 'something'
    const wait = waits.find(one => one.party === party)
    const who = from.length === 0 ? '' : `; only ${nameList(from, roster, 3)} could bring it`
    return `${capital(roster.name(party))} waits for ${label}${wait ? waitingIn(wait, roster) : ''}${who}.`
  })
  return parked.length > mostTold ? [...told, `So do ${parked.length - mostTold} more.`] : told
}

/** `Worker 1 is in its event loop: no timer … is left there, so only a message of the main thread could wake it.` */
function loopSentence({ parties }: ClosedSet, idle: readonly string[], roster: Roster): string {
  const one = idle.length === 1
  const others = parties.filter(party => party !== idle[0])
  const from = !one
    ? 'a message from another thread could wake one of them'
    : others.length === 0
      ? 'a message could wake it'
      : `a message from ${nameList(others, roster, 3)} could wake it`
  const where = one ? 'is in its event loop' : 'are in their event loops'
  return `${capital(nameList(idle, roster, 4))} ${where}, where ${list(nothingElse).replace(' and ', ' or ')} of the program is left: only ${from}.`
}

const nothingElse = ['no timer', 'socket', 'pipe', 'file request', 'child process', 'signal listener']
