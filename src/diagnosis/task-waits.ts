/** What the suspended functions of a thread hold and wait for, as far as their thread is known and they are not. */
import type { Snapshot } from '../snapshot/model.ts'
import { waitingChain } from './chain.ts'
import type { Edge } from './diagnosis.ts'
import type { Reduction } from './reduction.ts'
import { requestParts } from './request-parts.ts'
import { list, type Roster } from './roster.ts'

/** Phrases that follow the thread's name: `waits for Web Lock 'A', which worker 1 holds`. */
export function taskPhrases(
  thread: string,
  { waits, holds, resources }: Snapshot,
  roster: Roster,
): readonly string[] {
  // The event loop of a parked thread is shown by the thread itself.
  const named = resources.filter(({ kind }) => kind !== 'event loop')
  const labels = new Map(named.map(({ id, label }) => [id, label]))
  // Tasks whose functions are known have a tree of their own.
  const isOwn = ({ party }: { readonly party: string }) =>
    isTaskOf(thread, party) && roster.task(party) === undefined
  const held = [...new Set(holds.filter(isOwn).flatMap(({ resource }) => labels.get(resource) ?? []))]
  const asked = waits.filter(isOwn).flatMap(({ request }) => requestParts(request).asks)
  const ids = new Set(asked.map(({ resource }) => resource).filter(id => labels.has(id)))
  const wanted = [...ids].map(id => {
    const holders = holds.filter(({ resource }) => resource === id)
    const threads = [...new Set(holders.map(({ party }) => roster.threadOf(party)?.id ?? party))]
    const names = threads.map(party => (party === thread ? 'a function of its own' : roster.name(party)))
    const by = names.length === 0 ? '' : `, which ${list(names)} ${names.length === 1 ? 'holds' : 'hold'}`
    return `waits for ${labels.get(id)}${by}`
  })
  return [...(held.length === 0 ? [] : [`holds ${list(held)}`]), ...wanted]
}

/** A line of holders that begins and ends in tasks of one thread and leads through another thread; empty for none. */
export function mutualChain(thread: string, reduction: Reduction, roster: Roster): readonly Edge[] {
  for (const party of reduction.graph.parties) {
    if (!isTaskOf(thread, party)) continue
    const chain = waitingChain(party, reduction)
    const back = chain.findIndex(({ to }) => to === party)
    const through = chain.slice(0, back).some(({ to }) => roster.threadOf(to)?.id !== thread)
    if (back > 0 && through) return chain.slice(0, back + 1)
  }
  return []
}

/** Whether a suspended function of the thread waits for something that is known. */
export function hasWaitingTask(thread: string, { graph }: Reduction): boolean {
  return graph.waits.some(({ party }) => isTaskOf(thread, party))
}

function isTaskOf(thread: string, party: string): boolean {
  return party.startsWith(`${thread}/a`)
}
