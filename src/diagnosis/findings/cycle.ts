import { bare, nameList, partyCount } from '../roster.ts'
import { edgeSentences } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

const mostLabels = 5

/** Several parties, each of which waits for the next: what is left when no other kind fits. */
export const cycle: SetKind = {
  kind: 'cycle',
  matches: () => true,

  title: ({ parties, proved }, roster) => {
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
    const labels = [...new Set(cycle.slice(0, mostLabels).map(({ resource }) => resource.label))].sort()
    const example = labels.length > 1 ? `, for example ${labels.join(' before ')}` : ''
    return `take these locks in one order everywhere${example}`
  },
}
