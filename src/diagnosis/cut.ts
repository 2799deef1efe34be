/** Whether facts that were read one after the other held at one and the same moment. */
import type { Snapshot, Thread } from '../snapshot/model.ts'
import { bare, capital, type Roster } from './roster.ts'
import { cpuBetween } from './standstill.ts'
import { stoodStill } from './stay.ts'
import { type WaitsForGraph, waitsOf } from './waits-for-graph.ts'

/** Undefined when the cut through these parties is consistent, else a sentence that says what is missing. */
export function cutDoubt(
  parties: readonly string[],
  roster: Roster,
  graph: WaitsForGraph,
  snapshot: Snapshot,
): string | undefined {
  const threads = new Set<Thread>()
  let tasksOnly = true
  for (const party of parties) {
    const thread = roster.threadOf(party)
    if (!thread) return `${capital(roster.name(party))} was not looked at itself, only named by others.`
    if (thread.id === party) tasksOnly = false
    threads.add(thread)
  }
  // What one isolate's heap holds is consistent by itself.
  if (tasksOnly && threads.size === 1) return undefined

  // All threads of a core stood still at one moment.
  const processes = new Set([...threads].map(({ id }) => roster.processOf(id)))
  if (processes.size === 1 && [...processes][0]?.core !== undefined) return undefined

  if (snapshot.looks < 2) return 'There was only one look: nothing shows that they stay there.'
  let from = -Infinity
  let to = Infinity
  for (const thread of threads) {
    const name = bare(roster.name(thread.id))
    const [wait] = waitsOf(graph, thread.id)
    if (!stoodStill(thread, wait)) return `It was not seen in two looks that ${name} stays there.`
    // All that are paused in one look stand still together; one that spins has to have spun in between.
    if (wait?.spins) {
      if (cpuBetween(thread) === 0) return `It was not seen that ${name} spent CPU time in its loop.`
      continue
    }
    if (!thread.undisturbed) {
      return `It could not be shown that ${name} never left its wait between the looks.`
    }
    from = Math.max(from, thread.undisturbed.from)
    to = Math.min(to, thread.undisturbed.to)
  }
  return from <= to ? undefined : 'They were not seen to stand still all at one moment.'
}
