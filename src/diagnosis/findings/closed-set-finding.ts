/** The kinds of closed sets, most telling first. A new kind is a new file and a line here. */
import type { ClosedSet } from '../closed-set.ts'
import type { Finding } from '../diagnosis.ts'
import type { Roster } from '../roster.ts'
import { awaitCycle } from './await-cycle.ts'
import { crossProcess } from './cross-process.ts'
import { cycle } from './cycle.ts'
import { exhaustion } from './exhaustion.ts'
import { poolExhaustion } from './pool-exhaustion.ts'
import { reentrancy } from './reentrancy.ts'
import type { SetKind } from './set-kind.ts'
import { sleptThrough } from './slept-through.ts'
import { stranded } from './stranded.ts'

const kinds: readonly SetKind[] = [
  crossProcess,
  reentrancy,
  awaitCycle,
  sleptThrough,
  poolExhaustion,
  stranded,
  exhaustion,
  cycle,
]

export function closedSetFinding(set: ClosedSet, victims: readonly string[], roster: Roster): Finding {
  const kind = kinds.find(({ matches }) => matches(set, roster)) ?? cycle
  const doubts =
    set.proved || set.doubts.length > 0 ? set.doubts : ['It follows from facts of which not all are proved.']
  return {
    kind: kind.kind,
    status: set.proved ? 'deadlock' : 'suspected',
    title: kind.title(set, roster),
    explanation: kind.explain(set, roster),
    parties: set.parties,
    victims,
    cycle: set.cycle,
    edges: set.edges,
    waits: set.waits,
    advice: kind.advise(set, roster),
    doubts,
  }
}
