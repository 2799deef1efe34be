import type { ClosedSet } from '../closed-set.ts'
import { list, type Roster } from '../roster.ts'
import { edgeSentences } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** A closed set whose parties live in different processes. */
export const crossProcess: SetKind = {
  kind: 'cross-process',
  matches: (set, roster) => pids(set, roster).length > 1,

  title: (set, roster) =>
    `processes ${list(pids(set, roster))} ${set.proved ? 'wait' : 'seem to wait'} for each other`,

  explain: ({ cycle, edges }, roster) => edgeSentences(cycle.length > 0 ? cycle : edges, roster),
  advise: () => 'let one process read, close or give back what the other waits for before it waits itself',
}

function pids({ parties }: ClosedSet, roster: Roster): readonly string[] {
  // A peer that was not captured is still known by its pid.
  const ids = parties.map(party => roster.processOf(party)?.pid.toString() ?? /^p(\d+)/.exec(party)?.[1])
  return [...new Set(ids)].filter(id => id !== undefined)
}
