import { bare, list, partyCount, shortList } from '../roster.ts'
import { edgeSentences } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** Several parties, each of which waits for the next: what is left when no other kind fits. */
export const cycle: SetKind = {
  kind: 'cycle',
  matches: () => true,

  title: ({ parties, proved }, roster) => {
    const names = parties.map(party => bare(roster.name(party)))
    const wait = proved ? 'wait' : 'seem to wait'
    return parties.length <= 3
      ? `${list(names)} ${wait} for each other`
      : `${partyCount(parties, roster)} ${wait} for each other: ${shortList(names, 3)}`
  },

  explain: ({ cycle, edges }, roster) => edgeSentences(cycle.length > 0 ? cycle : edges, roster),

  advise: ({ cycle }) => {
    const labels = [...new Set(cycle.map(({ resource }) => resource.label))].sort()
    return cycle.every(({ by }) => by.kind === 'hold')
      ? `take these locks in one order everywhere${labels.length > 1 ? `, for example ${labels.slice(0, 5).join(' before ')}` : ''}`
      : 'let one of them go on without the other: answer before waiting, or wait without blocking the thread'
  },
}
