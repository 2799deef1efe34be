import type { ClosedSet } from '../closed-set.ts'
import type { FindingKind } from '../diagnosis.ts'
import type { Roster } from '../roster.ts'

/** How one kind of closed set is recognised and told. */
export interface SetKind {
  readonly kind: FindingKind
  matches(set: ClosedSet, roster: Roster): boolean
  /** One sentence without a full stop. */
  title(set: ClosedSet, roster: Roster): string
  /** Full sentences, one on each line. */
  explain(set: ClosedSet, roster: Roster): string
  /** What would break it, without a full stop, in lower case. */
  advise(set: ClosedSet, roster: Roster): string
}
