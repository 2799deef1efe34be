/** Strongly connected components without recursion: a ring of 100 000 parties must not overflow the stack. */

/** A directed graph in compressed rows: the successors of `n` are `targets[offsets[n] … offsets[n + 1] - 1]`. */
export interface Adjacency {
  readonly offsets: Int32Array
  readonly targets: Int32Array
}

export interface Components {
  /** By node: the number of its component. */
  readonly of: Int32Array
  readonly members: readonly (readonly number[])[]
}

/** Packs a list of edges; `sources` and `targets` run in parallel. */
export function adjacency(nodes: number, sources: readonly number[], targets: readonly number[]): Adjacency {
  const offsets = new Int32Array(nodes + 1)
  for (const source of sources) offsets[source + 1]!++
  for (let node = 0; node < nodes; node++) offsets[node + 1]! += offsets[node]!
  const next = offsets.slice(0, nodes)
  const packed = new Int32Array(targets.length)
  for (let edge = 0; edge < targets.length; edge++) packed[next[sources[edge]!]!++] = targets[edge]!
  return { offsets, targets: packed }
}

/** Tarjan's algorithm on an explicit stack; `skip` leaves nodes out. Components come in reverse topological order. */
export function findComponents(
  { offsets, targets }: Adjacency,
  skip: (node: number) => boolean = () => false,
): Components {
  const count = offsets.length - 1
  const order = new Int32Array(count)
  const low = new Int32Array(count)
  const cursor = offsets.slice(0, count)
  const of = new Int32Array(count).fill(-1)
  const members: number[][] = []
  const open: number[] = []
  const path: number[] = []
  let visited = 0

  for (let root = 0; root < count; root++) {
    if (order[root] || skip(root)) continue
    path.push(root)
    while (path.length > 0) {
      const node = path.at(-1)!
      if (!order[node]) {
        order[node] = low[node] = ++visited
        open.push(node)
      }
      let child = -1
      while (cursor[node]! < offsets[node + 1]!) {
        const target = targets[cursor[node]!++]!
        if (skip(target)) continue
        if (!order[target]) {
          child = target
          break
        }
        if (of[target] === -1) low[node] = Math.min(low[node]!, order[target]!)
      }
      if (child >= 0) {
        path.push(child)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!)
      if (low[node] === order[node]) members.push(close(node))
    }
  }
  return { of, members }

  function close(node: number): number[] {
    const component: number[] = []
    for (;;) {
      const member = open.pop()!
      of[member] = members.length
      component.push(member)
      if (member === node) return component
    }
  }
}
