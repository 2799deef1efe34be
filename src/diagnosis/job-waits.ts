/** Workers that are parked because nobody has work for them: the normal state of a pool, and no reason for alarm. */
import type { Snapshot, Thread } from '../snapshot/model.ts'
import type { Reduction } from './reduction.ts'
import { requestParts } from './request-parts.ts'
import { lastLook } from './stay.ts'
import { findResource, holdsOf, waitsOf } from './waits-for-graph.ts'

/**
 * The ids of workers that wait for a job: parked for something that comes into being, holding nothing, with nobody to
 * bring it but a main thread that is not parked itself or others of their kind, and needed by no one else.
 */
export function findJobWaits(snapshot: Snapshot, reduction: Reduction): ReadonlySet<string> {
  const jobs = new Set<string>()
  for (const process of snapshot.processes) {
    const threads = process.threads.filter(({ role }) => role === 'main' || role === 'worker')
    const candidates = new Set(threads.filter(thread => isCandidate(thread, reduction)).map(({ id }) => id))
    if (candidates.size === 0) continue
    const needed = neededBy(
      threads.filter(({ id }) => !candidates.has(id)),
      reduction,
    )
    const byId = new Map(threads.map(thread => [thread.id, thread]))
    for (const id of candidates) {
      const producers = knownProducers(id, reduction) ?? threads.map(thread => thread.id)
      const work = producers.every(producer => {
        if (candidates.has(producer)) return true
        const thread = byId.get(producer)
        return thread?.role === 'main' && lastLook(thread)?.activity.kind !== 'parked'
      })
      if (work && !needed.has(id)) jobs.add(id)
    }
  }
  return jobs
}

function isCandidate(thread: Thread, { graph }: Reduction): boolean {
  if (thread.role !== 'worker' || lastLook(thread)?.activity.kind !== 'parked') return false
  const waits = waitsOf(graph, thread.id)
  if (waits.length === 0 || holdsOf(graph, thread.id).length > 0) return false
  return waits.every(({ request, jobLoop }) => {
    // Inside of a job it does not wait for one.
    if (jobLoop !== undefined) return false
    const { asks } = requestParts(request)
    return asks.length > 0 && asks.every(ask => ask.kind === 'produced')
  })
}

/** Those that could bring what it waits for; undefined where no list names them. */
function knownProducers(party: string, { graph }: Reduction): readonly string[] | undefined {
  const producers = waitsOf(graph, party).flatMap(({ request }) =>
    requestParts(request).asks.flatMap(
      ask => findResource(graph, ask.resource)?.productions.map(production => production.party) ?? [],
    ),
  )
  return producers.length > 0 ? producers : undefined
}

/** All that the given threads wait for, unless they idle in their event loop. */
function neededBy(threads: readonly Thread[], { graph }: Reduction): ReadonlySet<string> {
  const needed = new Set<string>()
  for (const thread of threads) {
    if (lastLook(thread)?.activity.kind === 'event-loop') continue
    for (const { request } of waitsOf(graph, thread.id)) {
      for (const ask of requestParts(request).asks) {
        const node = findResource(graph, ask.resource)
        for (const { party } of [...(node?.holds ?? []), ...(node?.productions ?? [])]) needed.add(party)
      }
    }
  }
  return needed
}
