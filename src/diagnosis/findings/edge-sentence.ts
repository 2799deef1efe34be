import { isUnknown, type Wait } from '../../snapshot/model.ts'
import type { Edge } from '../diagnosis.ts'
import { acquiredText, frameText } from '../frame-text.ts'
import { capital, type Roster } from '../roster.ts'
import { lastLook } from '../stay.ts'

/** ` in BoundedQueue.put (queue.mjs:29:15)`, or nothing where the frame is not known. */
export function waitingIn({ at, party }: Wait, roster: Roster): string {
  return isUnknown(at) ? '' : ` in ${frameText(at, roster.processOf(party))}`
}

/** ` in BoundedQueue.put (queue.mjs:29:15)`: where the one that stands in the way acquired what is asked for. */
export function acquiredIn({ by, to }: Edge, roster: Roster): string {
  if (by.kind !== 'hold') return ''
  const text = acquiredText(by.hold.at, by.hold.acquiredAt, roster.processOf(to))
  return text === undefined ? '' : ` in ${text}`
}

/** One edge as a full sentence. */
export function edgeSentence(edge: Edge, roster: Roster): string {
  const from = capital(roster.name(edge.from))
  const to = edge.to === edge.from ? 'itself' : roster.name(edge.to)
  const { label } = edge.resource
  const probably = edge.sure ? '' : 'probably '
  if (edge.by.kind === 'hold') {
    const acquired = acquiredIn(edge, roster)
    const since = acquired === '' ? '' : `, acquired${acquired}`
    return `${from} waits for ${label}${waitingIn(edge.wait, roster)}, ${probably}held by ${to}${since}.`
  }
  const thread = roster.thread(edge.from)
  if (thread && lastLook(thread)?.activity.kind === 'event-loop') {
    if (!edge.wait.sure)
      return `${from} is in its event loop and seems to wait for ${label}; ${to} would have to bring it.`
    return `${from} is in its event loop, which nothing can wake but ${label}; ${to} would ${probably}have to bring it.`
  }
  return `${from} waits for ${label}${waitingIn(edge.wait, roster)}; ${to} would ${probably}have to bring it.`
}

/** The edges to tell: the cycle where there is one, each on a line of its own. */
export function edgeSentences(edges: readonly Edge[], roster: Roster, most = 12): string {
  const lines = edges.slice(0, most).map(edge => edgeSentence(edge, roster))
  if (edges.length > most) lines.push(`So it goes on, for ${edges.length - most} more.`)
  return lines.join('\n')
}
