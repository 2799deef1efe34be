import type { Process } from '../../snapshot/model.ts'
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

  explain: ({ edges, parties, proved }, roster) =>
    [edgeSentences(edges, roster), ...(proved ? [] : goneText(roster.processOf(parties[0]!)))].join('\n'),
  advise: () => 'let one of them answer before it waits, or end the threads that nobody needs any more',
}

/** Workers are numbered as they are started: a number that is missing had a worker once. */
function goneText(process: Process | undefined): readonly string[] {
  // With a loader, Node has a worker of its own, which nothing lists.
  if (!process || process.execArgv.some(flag => /^--(import|(experimental-)?loader|require|-r)\b/.test(flag)))
    return []
  const alive = new Set(process.threads.flatMap(({ threadId }) => threadId ?? []))
  const last = Math.max(0, ...alive)
  const gone = Array.from({ length: last }, (_, at) => at + 1).filter(id => !alive.has(id))
  if (gone.length === 0) return []
  const names = `${gone.length === 1 ? 'Worker' : 'Workers'} ${gone.slice(0, 8).join(', ')}${gone.length > 8 ? ' …' : ''}`
  return [`${names} ${gone.length === 1 ? 'has' : 'have'} ended, and may be what they wait for.`]
}
