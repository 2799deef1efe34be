import type { Edge } from '../diagnosis.ts'
import { bare, nameList, partyCount } from '../roster.ts'
import { edgeSentences } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

const mostLabels = 5

/** Several parties, each of which waits for the next: what is left when no other kind fits. */
export const cycle: SetKind = {
  kind: 'cycle',
  matches: () => true,

  title: ({ parties, proved, cycle }, roster) => {
    const blocked = heldAcrossAwait(cycle)
    if (blocked !== undefined) {
      const { from, to, resource } = blocked
      const verb = proved ? 'holds' : 'seems to hold'
      return `${bare(roster.name(from))} blocks on ${resource.label}, which ${bare(roster.name(to))} ${verb} across its await`
    }
    const names = bare(nameList(parties, roster, 3))
    const wait = proved ? 'wait' : 'seem to wait'
    return parties.length <= 3
      ? `${names} ${wait} for each other`
      : `${partyCount(parties, roster)} ${wait} for each other: ${names}`
  },

  explain: ({ cycle, edges }, roster) => edgeSentences(cycle.length > 0 ? cycle : edges, roster),

  advise: ({ cycle }) => {
    if (!cycle.every(({ by }) => by.kind === 'hold'))
      return 'let one of them go on without the other: answer before waiting, or wait without blocking the thread'
    const loops = cycle.filter(({ resource }) => resource.kind === 'event loop')
    if (loops.length > 0) {
      const held = cycle.find(edge => loops.some(({ from }) => from === edge.to))
      const label = held?.resource.label ?? 'the lock'
      return `release ${label} before awaiting, or use a lock whose waiters do not block their thread (a queue of promises, Atomics.waitAsync)`
    }
    const labels = [...new Set(cycle.slice(0, mostLabels).map(({ resource }) => resource.label))].sort()
    const example = labels.length > 1 ? `, for example ${labels.join(' before ')}` : ''
    return `take these locks in one order everywhere${example}`
  },
}

/** The edge of a thread that blocks on what a suspended function of its own holds; undefined for any other cycle. */
function heldAcrossAwait(cycle: readonly Edge[]): Edge | undefined {
  if (cycle.length !== 2) return undefined
  const loop = cycle.find(({ resource }) => resource.kind === 'event loop')
  return (
    loop && cycle.find(edge => edge !== loop && edge.from === loop.to && edge.resource.word !== undefined)
  )
}
