/** Strongly connected components without recursion: a ring of 100 000 parties must not overflow the stack. */
import type { Rows } from './compressed-rows.ts'

export interface Components {
  /** By node: the number of its component, in reverse topological order; -1 for a node that was left out. */
  readonly of: Int32Array
  readonly count: number
}

/** Tarjan's algorithm on an explicit stack. `skip` leaves nodes out; a node's successors are its row. */
export function findComponents({ offsets, items }: Rows, skip?: Uint8Array): Components {
  const nodes = offsets.length - 1
  const order = new Int32Array(nodes)
  const low = new Int32Array(nodes)
  const cursor = offsets.slice(0, nodes)
  const of = new Int32Array(nodes).fill(-1)
  const open: number[] = []
  const path: number[] = []
  let visited = 0
  let count = 0

  for (let root = 0; root < nodes; root++) {
    if (order[root] || skip?.[root]) continue
    path.push(root)
    while (path.length > 0) {
      const node = path.at(-1)!
      if (!order[node]) {
        order[node] = low[node] = ++visited
        open.push(node)
      }
      const child = nextUnseen(node)
      if (child >= 0) {
        path.push(child)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined && low[node]! < low[parent]!) low[parent] = low[node]!
      if (low[node] === order[node]) close(node)
    }
  }
  return { of, count }

  function nextUnseen(node: number): number {
    while (cursor[node]! < offsets[node + 1]!) {
      const target = items[cursor[node]!++]!
      if (skip?.[target]) continue
      if (!order[target]) return target
      if (of[target] === -1 && order[target]! < low[node]!) low[node] = order[target]!
    }
    return -1
  }

  function close(node: number): void {
    for (;;) {
      const member = open.pop()!
      of[member] = count
      if (member === node) break
    }
    count++
  }
}

/** A component with a test for its members that costs no set of them. */
export interface Component {
  readonly nodes: readonly number[]
  has(node: number): boolean
}

/** The components that no edge leaves, not even to a node that was left out. */
export function terminal({ offsets, items }: Rows, { of, count }: Components): readonly Component[] {
  const left = new Uint8Array(count)
  for (let node = 0; node < of.length; node++) {
    if (of[node] === -1) continue
    for (let at = offsets[node]!; at < offsets[node + 1]!; at++)
      if (of[items[at]!] !== of[node]) left[of[node]!] = 1
  }
  const members = new Map<number, number[]>()
  for (let node = 0; node < of.length; node++) {
    const component = of[node]!
    if (component === -1 || left[component]) continue
    const own = members.get(component)
    if (own) own.push(node)
    else members.set(component, [node])
  }
  return Array.from(members, ([component, nodes]) => ({ nodes, has: node => of[node] === component }))
}
