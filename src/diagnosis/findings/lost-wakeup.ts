import { isUnknown, type Process, type Resource, type Thread, type Wait } from '../../snapshot/model.ts'
import type { Finding } from '../diagnosis.ts'
import { placeText } from '../frame-text.ts'
import type { LostResource, Reduction } from '../reduction.ts'
import { bare, capital, type Roster } from '../roster.ts'
import { lastLook, stoodStill } from '../stay.ts'
import { findResource, waitsOf } from '../waits-for-graph.ts'
import { waitingIn } from './edge-sentence.ts'

/** A thread that sleeps on though nobody is left that could wake it. */
export function nobodyLeft(
  { resource: { resource, productions } }: LostResource,
  waiters: readonly string[],
  victims: readonly string[],
  reduction: Reduction,
  roster: Roster,
): Finding | undefined {
  if (resource.sort !== 'consumable' || productions.length > 0) return undefined
  const waits = waiters.flatMap(party => waitsOf(reduction.graph, party))
  if (waits.length === 0 || !waits.every(wait => sleepsOn(roster.thread(wait.party), wait))) return undefined
  // A worker that is being started, or a thread of an addon, is listed by the kernel alone, and may do anything.
  if (waits.some(({ party }) => roster.processOf(party)?.threads.some(({ role }) => role === 'other')))
    return undefined
  return finding(waits, resource, victims, roster, 'and nobody is left that could wake it', [])
}

/**
 * Threads that sleep on although what they wait for is there: the word is free, or no longer has the value that they
 * were told to wait on, and no thread that runs could be about to wake them. `mayWake` tells those that could.
 */
export function sleepers(
  threads: readonly Thread[],
  reduction: Reduction,
  roster: Roster,
  mayWake: (thread: Thread) => boolean,
): readonly Finding[] {
  const asleep = threads.flatMap(thread => {
    const [wait, ...more] = waitsOf(reduction.graph, thread.id)
    if (!wait || wait.spins || more.length > 0 || !sleepsOn(thread, wait)) return []
    const reason = alreadyThere(wait, reduction)
    return reason ? [{ thread, wait, ...reason }] : []
  })
  const ids = new Set(asleep.map(({ thread }) => thread.id))
  if (threads.some(thread => !ids.has(thread.id) && mayWake(thread))) return []
  return asleep.map(({ thread, wait, resource, why }) =>
    finding([wait], resource, [], roster, why, [
      ...forgotten(resource, roster.processOf(thread.id)),
      'No thread that runs could be about to wake it.',
    ]),
  )
}

/** ``In the source, `Atomics.store(words, 0, job)` (queue.mjs:12:3) is followed by no Atomics.notify.`` */
function forgotten({ unannounced }: Resource, process: Process | undefined): readonly string[] {
  if (unannounced === undefined) return []
  const place = placeText(unannounced.place, process)
  return [
    `\`${unannounced.text}\` (${place}) changes it, and no Atomics.notify that was seen in the source follows.`,
  ]
}

function alreadyThere(
  { request, expected }: Wait,
  { graph }: Reduction,
): { resource: Resource; why: string } | undefined {
  if (request.kind !== 'units' && request.kind !== 'produced') return undefined
  const resource = findResource(graph, request.resource)?.resource
  // A word that was read once may have changed a moment ago, with the wake-up on its way.
  if (!resource?.word?.steady) return undefined
  if (request.kind === 'units' && typeof resource.free === 'number' && resource.free >= request.units) {
    return { resource, why: 'though it is free' }
  }
  const { value } = resource.word
  if (expected === undefined || isUnknown(value) || String(value) === String(expected)) {
    return undefined
  }
  // Who notifies one of several leaves the others asleep with good reason: the source has to show what was forgotten.
  return resource.unannounced === undefined
    ? undefined
    : { resource, why: `though its word has become ${value}: the wait was for a change of ${expected}` }
}

/** Parked in the same call through an interval that its context switches vouch for. */
function sleepsOn(thread: Thread | undefined, wait: Wait): boolean {
  if (!thread?.undisturbed || !stoodStill(thread, wait)) return false
  const activity = lastLook(thread)?.activity
  return activity?.kind === 'parked' && activity.timeoutMs === null
}

function finding(
  waits: readonly Wait[],
  resource: Resource,
  victims: readonly string[],
  roster: Roster,
  why: string,
  more: readonly string[],
): Finding {
  const parties = [...new Set(waits.map(wait => wait.party))]
  return {
    kind: 'lost-wakeup',
    status: 'suspected',
    title: `${bare(roster.name(parties[0]!))} still sleeps at ${resource.label}, ${why}`,
    explanation: [
      ...waits.map(
        wait => `${capital(roster.name(wait.party))} waits for ${resource.label}${waitingIn(wait, roster)}.`,
      ),
      `It still sleeps, ${why}.`,
      ...more,
    ].join('\n'),
    parties,
    victims,
    cycle: [],
    edges: [],
    waits,
    advice: 'call Atomics.notify after every store that somebody may wait for, on the same array and index',
    doubts: ['A wake-up that has been lost leaves no trace; only that nothing wakes the thread was seen.'],
  }
}
