import { isOrphaned } from '../availability.ts'
import type { Finding } from '../diagnosis.ts'
import type { LostResource, Reduction } from '../reduction.ts'
import { capital, nameList, type Roster } from '../roster.ts'
import { stoodStill } from '../stay.ts'
import { waitsOf } from '../waits-for-graph.ts'
import { waitingIn } from './edge-sentence.ts'

/** A lock that is taken while a complete list of holders is empty: its holder is gone. */
export function orphanedLock(
  { resource: node }: LostResource,
  waiters: readonly string[],
  victims: readonly string[],
  { graph }: Reduction,
  roster: Roster,
): Finding | undefined {
  const { resource } = node
  if (!isOrphaned(node) || waiters.length === 0) return undefined
  const waits = waiters.flatMap(party => waitsOf(graph, party))
  const standing = waits.every(wait => {
    const thread = roster.threadOf(wait.party)
    return thread !== undefined && (thread.id !== wait.party || stoodStill(thread, wait))
  })
  if (!standing) return undefined
  return {
    kind: 'orphaned-lock',
    status: 'suspected',
    title: `${resource.label} is taken${resource.goneOwner === undefined ? '' : ` by worker ${resource.goneOwner}, which has ended,`} and nobody is left to release it; ${nameList(waiters, roster, 3)} ${waiters.length === 1 ? 'waits' : 'wait'} for it`,
    explanation: [
      ...waits
        .slice(0, 5)
        .map(
          wait =>
            `${capital(roster.name(wait.party))} waits for ${resource.label}${waitingIn(wait, roster)}.`,
        ),
      resource.goneOwner === undefined
        ? 'The lock is taken, but no thread that was seen holds it: its holder has ended, has returned without releasing it, or is suspended (in an await or a generator).'
        : `The lock is taken, and its word names worker ${resource.goneOwner}, which is no longer there: it ended without releasing it.`,
    ].join('\n'),
    parties: waiters,
    victims,
    cycle: [],
    edges: [],
    waits,
    advice: `release ${resource.label} in a finally block, and before its holder ends`,
    doubts: ['That nobody holds it follows from all stacks that were seen; nothing records who took it.'],
  }
}
