import type { BlockedGraph } from './blocked-graph.ts'
import { packRows } from './compressed-rows.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

/**
 * Those that wait behind each of the given sets of nodes without being in one: each counts once, behind the first set
 * that a path leads to.
 */
export function findVictims(
  sets: readonly (readonly number[])[],
  { waitsFor: { offsets, items } }: BlockedGraph,
  graph: WaitsForGraph,
): readonly (readonly string[])[] {
  if (sets.length === 0) return []
  const count = offsets.length - 1
  const sources = new Int32Array(items.length)
  for (let node = 0; node < count; node++) sources.fill(node, offsets[node], offsets[node + 1])
  const waitedForBy = packRows(count, items, sources)

  const seen = new Uint8Array(count)
  for (const set of sets) for (const node of set) seen[node] = 1
  return sets.map(set => {
    const victims: number[] = []
    const queue = [...set]
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!
      for (let at = waitedForBy.offsets[node]!; at < waitedForBy.offsets[node + 1]!; at++) {
        const source = waitedForBy.items[at]!
        if (seen[source]) continue
        seen[source] = 1
        queue.push(source)
        if (source < graph.parties.length) victims.push(source)
      }
    }
    return victims.sort((a, b) => a - b).map(party => graph.parties[party]!)
  })
}
