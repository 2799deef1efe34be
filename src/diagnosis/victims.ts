import type { BlockedGraph } from './blocked-graph.ts'
import type { WaitsForGraph } from './waits-for-graph.ts'

/**
 * Those that wait behind each of the given sets of nodes without being in one: each counts once, behind the first set
 * that a path leads to.
 */
export function findVictims(
  sets: readonly (readonly number[])[],
  { adjacency: { offsets, targets } }: BlockedGraph,
  graph: WaitsForGraph,
): readonly (readonly string[])[] {
  const count = offsets.length - 1
  const { offsets: into, sources } = reversed(offsets, targets)
  const seen = new Uint8Array(count)
  for (const set of sets) for (const node of set) seen[node] = 1
  return sets.map(set => {
    const victims: number[] = []
    const queue = [...set]
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!
      for (let edge = into[node]!; edge < into[node + 1]!; edge++) {
        const source = sources[edge]!
        if (seen[source]) continue
        seen[source] = 1
        queue.push(source)
        if (source < graph.parties.length) victims.push(source)
      }
    }
    return victims.sort((a, b) => a - b).map(party => graph.parties[party]!)
  })
}

function reversed(offsets: Int32Array, targets: Int32Array): { offsets: Int32Array; sources: Int32Array } {
  const count = offsets.length - 1
  const into = new Int32Array(count + 1)
  for (const target of targets) into[target + 1]!++
  for (let node = 0; node < count; node++) into[node + 1]! += into[node]!
  const next = into.slice(0, count)
  const sources = new Int32Array(targets.length)
  for (let node = 0; node < count; node++)
    for (let edge = offsets[node]!; edge < offsets[node + 1]!; edge++) sources[next[targets[edge]!]!++] = node
  return { offsets: into, sources }
}
