/** What a thread waits for, as a phrase that follows its name. */
import { isUnknown, type Thread, type Wait } from '../snapshot/model.ts'
import type { Edge } from './diagnosis.ts'
import { doing, duration } from './doing.ts'
import { waitingIn } from './findings/edge-sentence.ts'
import { requestParts, timeLimit } from './request-parts.ts'
import type { Roster } from './roster.ts'
import { findResource, type WaitsForGraph, waitsOf } from './waits-for-graph.ts'

/** `waits for A in f (a.mjs:1:2), held by worker 1, which sleeps in a timed wait`. */
export function waitingText(
  thread: Thread,
  wait: Wait,
  chain: readonly Edge[],
  graph: WaitsForGraph,
  roster: Roster,
): string {
  const { asks, outside } = requestParts(wait.request)
  const resource = findResource(graph, asks[0]?.resource ?? '')?.resource
  const what = resource?.label ?? outside[0]
  if (what === undefined) return doing(thread, roster.processOf(thread.id))

  const limit = timeLimit(wait.request)
  const until = !limit
    ? ''
    : limit.inMs === null
      ? ', with a time limit'
      : `, for at most ${duration(limit.inMs)}`
  const head = `waits for ${what}${waitingIn(wait, roster)}${until}`
  const [edge] = chain
  if (!edge) {
    const why = resource && isUnknown(resource.complete) ? `: ${roster.named(resource.complete.unknown)}` : ''
    const who = asks[0]?.kind === 'produced' ? 'who would wake it' : 'who holds it'
    return resource ? `${head}; ${who} is not known${why}` : head
  }
  const also = resource && outside[0] !== undefined ? `; ${roster.named(outside[0])}` : ''
  const first = `${head}, ${verbOf(edge)} ${roster.name(edge.to)}`
  // A line that leads back has no head, unless one of it goes on by itself.
  const leadsBack = chain.at(-1)!.to === thread.id
  const leaver = chain.find(({ to }) => to !== thread.id && leavesAlone(to, graph))
  const last = leadsBack ? leaver : chain.at(-1)!
  if (last === edge) return `${first}${doingText(edge.to, roster)}${also}`
  if (last)
    return `${first}; at the head of the line is ${roster.name(last.to)}${doingText(last.to, roster)}${also}`
  const back = chain.at(-1)!
  return chain.length === 2
    ? `${first}, which waits for ${back.resource.label}, ${verbOf(back)} ${roster.name(back.to)}${also}`
    : `${first}, which waits, through others, for ${roster.name(back.to)}${also}`
}

function verbOf({ by, sure }: Edge): string {
  return by.kind === 'hold' ? (sure ? 'held by' : 'probably held by') : 'which would come from'
}

/** A time limit ends its wait for good. */
function leavesAlone(party: string, graph: WaitsForGraph): boolean {
  return waitsOf(graph, party).some(({ request }) => timeLimit(request) !== undefined)
}

function doingText(party: string, roster: Roster): string {
  const thread = roster.thread(party)
  return thread ? `, which ${doing(thread, roster.processOf(party))}` : ''
}
