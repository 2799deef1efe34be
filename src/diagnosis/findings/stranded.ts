import { bare, nameList } from '../roster.ts'
import { edgeSentences } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** Nobody holds anything: only loops and parked threads that wait for each other. */
export const stranded: SetKind = {
  kind: 'stranded',
  matches: ({ edges }) => edges.every(({ by }) => by.kind === 'production'),

  title: ({ parties, proved }, roster) => {
    const names = bare(nameList(parties, roster, 3))
    return proved ? `nothing can wake ${names} any more` : `nothing seems able to wake ${names} any more`
  },

  explain: ({ edges }, roster) => edgeSentences(edges, roster),
  advise: () => 'let one of them answer before it waits, or end the threads that nobody needs any more',
}
