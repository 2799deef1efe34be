import { bare, capital, nameList } from '../roster.ts'
import { waitingIn } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** Suspended functions each of which awaits what another one returns. */
export const awaitCycle: SetKind = {
  kind: 'cycle',
  matches: ({ edges, parties }, roster) =>
    edges.every(({ by, resource }) => by.kind === 'production' && resource.kind === 'return') &&
    parties.every(party => roster.task(party) !== undefined),

  title: ({ parties }, roster) =>
    parties.length === 1
      ? `${bare(roster.name(parties[0]!))} awaits its own return`
      : `${bare(nameList(parties, roster, 3))} await each other's return`,

  explain: ({ cycle, edges }, roster) =>
    (cycle.length > 0 ? cycle : edges)
      .slice(0, 12)
      .map(
        ({ from, to, wait, resource }) =>
          `${capital(roster.name(from))} awaits ${resource.label}${waitingIn(wait, roster)}${to === from ? '' : `, which is ${roster.name(to)}`}.`,
      )
      .join('\n'),

  advise: () =>
    'let one of them begin without the result of the other: a promise that is kept for reuse must not be awaited by what makes it',
}
