import type { Rows } from './compressed-rows.ts'

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
  { offsets, items }: Rows,
  start: number,
  { within, alone }: Bounds,
): readonly number[] | undefined {
  const cameFrom = new Map<number, number>()
  /** Resources that `start` itself asks for and holds: for `start` a step to itself, for others the way back. */
  const ownReturns = new Set<number>()
  const queue = [start]
  for (let head = 0; head < queue.length; head++) {
    const party = queue[head]!
    for (let at = offsets[party]!; at < offsets[party + 1]!; at++) {
      const resource = items[at]!
      if (!within(resource)) continue
      if (cameFrom.has(resource)) {
        if (party !== start && ownReturns.has(resource)) return walk(cameFrom, start, party, resource)
        continue
      }
      cameFrom.set(resource, party)
      for (let to = offsets[resource]!; to < offsets[resource + 1]!; to++) {
        const holder = items[to]!
        if (holder === start) {
          if (party !== start || alone) return walk(cameFrom, start, party, resource)
          ownReturns.add(resource)
        } else if (within(holder) && !cameFrom.has(holder)) {
          cameFrom.set(holder, resource)
          queue.push(holder)
        }
      }
    }
  }
  return undefined
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
