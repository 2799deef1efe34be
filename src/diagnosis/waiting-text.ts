/** What a thread waits for, as a phrase that follows its name. */
import { isUnknown, type Thread, type Wait } from '../snapshot/model.ts'
import type { Edge } from './diagnosis.ts'
import { doing, duration } from './doing.ts'
import { waitingIn } from './findings/edge-sentence.ts'
import { requestParts } from './request-parts.ts'
import type { Roster } from './roster.ts'
import { findResource, type WaitsForGraph } from './waits-for-graph.ts'

/** `waits for A in f (a.mjs:1:2), held by worker 1, which sleeps in a timed wait`. */
export function waitingText(
  thread: Thread,
  wait: Wait,
  chain: readonly Edge[],
  graph: WaitsForGraph,
  roster: Roster,
): string {
  const { asks, outside, deadlines } = requestParts(wait.request)
  const resource = findResource(graph, asks[0]?.resource ?? '')?.resource
  const what = resource?.label ?? outside[0]
  if (what === undefined) return doing(thread, roster.processOf(thread.id))

  const limit = deadlines.find(({ leaves }) => leaves)
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
  const verb =
    edge.by.kind === 'hold' ? (edge.sure ? 'held by' : 'probably held by') : 'which would come from'
  const last = chain.at(-1)!
  return last === edge
    ? `${head}, ${verb} ${roster.name(edge.to)}${doingText(edge.to, roster)}`
    : `${head}, ${verb} ${roster.name(edge.to)}; at the head of the line is ${roster.name(last.to)}${doingText(last.to, roster)}`
}

function doingText(party: string, roster: Roster): string {
  const thread = roster.thread(party)
  return thread ? `, which ${doing(thread, roster.processOf(party))}` : ''
}
