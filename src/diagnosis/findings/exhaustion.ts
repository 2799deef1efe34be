import type { ClosedSet } from '../closed-set.ts'
import { nameList, partyCount } from '../roster.ts'
import { edgeSentences } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** All units of something countable are held by those that wait for more of it. */
export const exhaustion: SetKind = {
  kind: 'exhaustion',
  matches: set => countable(set) !== undefined,

  title: (set, roster) => {
    const resource = countable(set)!
    const units = typeof resource.capacity === 'number' ? `all ${resource.capacity} units` : 'all units'
    const held = set.proved ? 'are held' : 'seem to be held'
    const who = nameList(set.parties, roster, 3)
    return `${units} of ${resource.label} ${held} by those that wait for more: ${who}`
  },

  explain: ({ parties, edges, cycle }, roster) =>
    `${edgeSentences(cycle.length > 0 ? cycle : edges, roster)}\nNone of these ${partyCount(parties, roster)} can give anything back before another one does.`,

  advise: set =>
    `never wait for ${countable(set)!.label} while holding a unit of it, or take all that is needed at once`,
}

function countable({ edges }: ClosedSet) {
  return edges.find(
    ({ resource, ask, by }) =>
      by.kind === 'hold' &&
      ask.kind === 'units' &&
      ask.mode === undefined &&
      resource.capacity !== 1 &&
      resource.kind !== 'mutex',
  )?.resource
}
