import type { ClosedSet } from '../closed-set.ts'
import { list, processName, type Roster } from '../roster.ts'
import { edgeSentences } from './edge-sentence.ts'
import type { SetKind } from './set-kind.ts'

/** A closed set whose parties live in different processes. */
export const crossProcess: SetKind = {
  kind: 'cross-process',
  matches: (set, roster) => pids(set, roster).length > 1,

  title: (set, roster) =>
    `processes ${list(inCycle(set, roster))} ${set.proved ? 'wait' : 'seem to wait'} for each other`,

  explain: ({ cycle, edges }, roster) => edgeSentences(cycle.length > 0 ? cycle : edges, roster),
  advise: ({ cycle, edges, parties }, roster) => {
    const told = cycle.length > 0 ? cycle : edges
    const asks = (kind: string) => told.some(({ resource }) => resource.kind === kind)
    const idle = (party: string) => roster.thread(party)?.looks.at(-1)?.activity.kind === 'event-loop'
    if (parties.every(idle) && asks('room'))
      return "read what the other one writes (child.stdout.resume(), a listener for 'data'), or give it no pipe for that (stdio: 'inherit' or 'ignore')"
    if (parties.every(idle))
      return 'end what nobody needs any more: child.disconnect(), child.stdin.end(), socket.end(), unref()'
    if (asks('file lock')) return 'take these file locks in one order everywhere, or give up after a time'
    if (asks('exit'))
      return 'never wait without an event loop (execSync, spawnSync) for a process that needs something of the one that waits: use exec or spawn, or set their timeout'
    return 'let one process read, close or give back what the other waits for before it waits itself; streams do not block'
  },
}

/** Of the cycle, where there is one: others of the set only hold the same. */
function inCycle(set: ClosedSet, roster: Roster): readonly string[] {
  return pids(set.cycle.length > 0 ? { parties: set.cycle.map(({ from }) => from) } : set, roster)
}

function pids({ parties }: Pick<ClosedSet, 'parties'>, roster: Roster): readonly string[] {
  // A peer that was not captured is still known by its pid.
  const ids = parties.map(party => processName(roster.processOf(party)) ?? /^p(\d+)/.exec(party)?.[1])
  return [...new Set(ids)].filter(id => id !== undefined)
}
