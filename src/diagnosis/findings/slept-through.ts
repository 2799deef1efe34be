import { isUnknown } from '../../snapshot/model.ts'
import type { ClosedSet } from '../closed-set.ts'
import { requestParts } from '../request-parts.ts'
import { bare, capital, type Roster } from '../roster.ts'
import { waitingIn } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'
import { stranded } from './stranded.ts'

/** Nothing can wake these threads any more, and one of them sleeps on although its word has changed already. */
export const sleptThrough: SetKind = {
  kind: 'lost-wakeup',
  matches: (set, roster) => stranded.matches(set, roster) && changed(set).length > 0,

  title: (set, roster) => {
    const { wait, label, value } = changed(set)[0]!
    return `${bare(roster.name(wait.party))} still sleeps at ${label}, though it has become ${value}, and nothing is left to wake it`
  },

  explain: (set, roster) =>
    [
      ...changed(set).map(
        ({ wait, label, value }) =>
          `${capital(roster.name(wait.party))} waits for ${label} to change from ${wait.expected}${waitingIn(wait, roster)}; it is ${value}, but nobody has notified it.`,
      ),
      others(set, roster),
    ].join('\n'),

  advise: () =>
    'call Atomics.notify after every store that somebody may wait for, on the same array and index',
}

/** The waits whose word no longer has the value that they were told to sleep on. */
function changed({ waits, edges }: ClosedSet) {
  const asked = new Map(edges.map(({ from, resource }) => [`${from} ${resource.id}`, resource]))
  return waits.flatMap(wait => {
    if (wait.expected === undefined) return []
    const [ask] = requestParts(wait.request).asks
    const resource = ask && asked.get(`${wait.party} ${ask.resource}`)
    const value = resource?.word?.value
    if (value === undefined || isUnknown(value) || String(value) === String(wait.expected)) return []
    return [{ wait, label: resource!.label, value }]
  })
}

function others(set: ClosedSet, roster: Roster): string {
  const asleep = new Set(changed(set).map(({ wait }) => wait.party))
  const lines = stranded.explain(set, roster).split('\n')
  const told = [...asleep].map(party => `${capital(roster.name(party))} waits for `)
  return lines.filter(line => !told.some(start => line.startsWith(start))).join('\n')
}
