import { isUnknown } from '../../snapshot/model.ts'
import type { Edge } from '../diagnosis.ts'
import { functionName } from '../frame-text.ts'
import { bare, capital } from '../roster.ts'
import { acquiredIn, edgeSentences, waitingIn } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** A party that waits for what it holds itself. */
export const reentrancy: SetKind = {
  kind: 'reentrancy',
  matches: ({ parties, edges }) => parties.length === 1 && edges.some(({ by }) => by.kind === 'hold'),

  title: ({ parties, proved, cycle }, roster) => {
    const who = bare(roster.name(parties[0]!))
    if (cycle[0] && isSuspended(cycle[0]))
      return `${who} blocks on a lock that a suspended function of its own seems to hold`
    return proved
      ? `${who} re-enters a lock that it already holds`
      : `${who} seems to re-enter a lock that it already holds`
  },

  explain: ({ cycle }, roster) => {
    const [edge] = cycle
    if (edge?.by.kind !== 'hold') return edgeSentences(cycle, roster)
    const who = capital(roster.name(edge.from))
    const acquired = acquiredIn(edge, roster)
    const since = acquired === '' ? '.' : `: acquired${acquired}${whereAcquired(edge)}.`
    const already = edge.sure ? 'already holds it' : 'probably holds it already'
    return `${who} waits for ${edge.resource.label}${waitingIn(edge.wait, roster)}\nand ${already}${since}`
  },

  advise: ({ cycle }) => {
    const [edge] = cycle
    const held = edge?.by.kind === 'hold' ? edge.by.hold.at : undefined
    const label = edge?.resource.label ?? 'the lock'
    const known = held && !isUnknown(held) ? held : undefined
    const topLevel = known?.function === '(module)'
    const holder = topLevel ? "the module's top level" : known ? functionName(known) : 'its holder'
    if (edge && isSuspended(edge))
      return `release ${label} before ${holder} awaits, or use a lock whose waiters do not block their thread (a queue of promises, Atomics.waitAsync)`
    if (edge && inOneCall(edge))
      return `release ${label} before taking it a second time ${topLevel ? 'at' : 'in'} ${holder}`
    return `release ${label} before ${holder} calls out to code that may take it again, or use a lock that its owner may re-enter`
  },
}

function whereAcquired(edge: Edge): string {
  if (inOneCall(edge)) return ', in the same call'
  if (isSuspended(edge)) return ', a function that awaits before it gives the lock back'
  return edge.by.kind === 'hold' && edge.by.hold.frame === undefined ? '' : ', further down the same stack'
}

/** It was taken by a function that stands on no stack: one that is suspended. */
function isSuspended({ by, sure }: Edge): boolean {
  return by.kind === 'hold' && by.hold.frame === undefined && !isUnknown(by.hold.at) && !sure
}

/** The frame that asks is the one that took it: no call lies between. */
function inOneCall({ by, wait }: Edge): boolean {
  return by.kind === 'hold' && by.hold.frame !== undefined && by.hold.frame === wait.frame
}
