import type { Edge } from '../diagnosis.ts'
import { bare, capital, nameList } from '../roster.ts'
import { waitingIn } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** Suspended functions each of which awaits what another one returns. */
export const awaitCycle: SetKind = {
  kind: 'cycle',
  matches: ({ edges, parties }, roster) =>
    edges.every(({ by, resource }) => by.kind === 'production' && /^(return|promise)$/.test(resource.kind)) &&
    parties.every(party => roster.task(party) !== undefined),

  title: ({ parties, edges }, roster) => {
    if (parties.length === 1 && isOfCaller(edges))
      return `${bare(roster.name(parties[0]!))} waits for what only its own caller would do`
    const what = isOfModules(edges) ? 'evaluation' : 'return'
    return parties.length === 1
      ? `${bare(roster.name(parties[0]!))} awaits its own ${what}`
      : `${bare(nameList(parties, roster, 3))} await each other's ${what}`
  },

  explain: ({ cycle, edges }, roster) =>
    (cycle.length > 0 ? cycle : edges)
      .slice(0, 12)
      .map(
        ({ from, to, wait, resource }) =>
          `${capital(roster.name(from))} awaits ${resource.label}${waitingIn(wait, roster)}${to === from ? '' : `, which is ${roster.name(to)}`}.`,
      )
      .join('\n'),

  advise: ({ edges }) =>
    isOfModules(edges)
      ? 'do not await at the top level of a module the import of one that imports it: await inside of a function that is called later'
      : isOfCaller(edges)
        ? 'settle the promise before calling what waits for it: a lock made of promises must not be taken again by what runs under it'
        : edges.length === 1
          ? 'leave its own promise out of what it awaits, or let somebody else await them all'
          : 'let one of them begin without the result of the other: a promise that is kept for reuse must not be awaited by what makes it',
}

/** A function waits for a promise that a function further out in its own task is to settle. */
function isOfCaller(edges: readonly Edge[]): boolean {
  return edges.some(({ resource }) => resource.kind === 'promise')
}

/** They are the top levels of modules. */
function isOfModules(edges: readonly Edge[]): boolean {
  return edges.every(({ resource }) => resource.label.startsWith('the evaluation of'))
}
