import type { Adjacency } from './components.ts'

export interface Bounds {
  within(node: number): boolean
  /** Whether a party that waits for what it holds itself counts as a cycle. */
  readonly alone: boolean
}

/**
 * The shortest cycle through the party `start` in a graph whose edges go from parties to resources and from resources
 * to parties, as the list of its nodes from `start` on; undefined when there is none. Each resource is opened once,
 * so the search is linear.
 */
export function shortestCycle(
  graph: Adjacency,
  start: number,
  bounds: Bounds,
): readonly number[] | undefined {
  const cameFrom = new Map<number, number>()
  /** Resources that `start` itself asks for and holds: for `start` a step to itself, for others the way back. */
  const ownReturns = new Set<number>()
  const queue = [start]
  for (let head = 0; head < queue.length; head++) {
    const party = queue[head]!
    for (const resource of successors(graph, party)) {
      if (!bounds.within(resource)) continue
      if (cameFrom.has(resource)) {
        if (party !== start && ownReturns.has(resource)) return walk(cameFrom, start, party, resource)
        continue
      }
      cameFrom.set(resource, party)
      for (const holder of successors(graph, resource)) {
        if (!bounds.within(holder)) continue
        if (holder === start) {
          if (party !== start || bounds.alone) return walk(cameFrom, start, party, resource)
          ownReturns.add(resource)
        } else if (!cameFrom.has(holder)) {
          cameFrom.set(holder, resource)
          queue.push(holder)
        }
      }
    }
  }
  return undefined
}

function successors({ offsets, targets }: Adjacency, node: number): Int32Array {
  return targets.subarray(offsets[node], offsets[node + 1])
}

function walk(
  cameFrom: ReadonlyMap<number, number>,
  start: number,
  party: number,
  resource: number,
): readonly number[] {
  const nodes = [resource, party]
  for (let node = party; node !== start; nodes.push(node)) node = cameFrom.get(node)!
  return nodes.reverse()
}
