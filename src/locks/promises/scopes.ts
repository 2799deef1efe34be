/** The scopes that functions run in, and their variables: read once for each heap, since of each lock the same is asked. */
import { nodeOf, scopesOutward } from '../../heap/await-graph.ts'
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'
import { isModuleScope } from './module-scope.ts'

/** The variables of one scope that refer to something. */
export interface ScopeVariables {
  readonly nodes: ReadonlySet<HeapNode>
  readonly byName: ReadonlyMap<string, HeapNode>
}

interface KnownScopes {
  readonly chains: Map<HeapNode, readonly HeapNode[]>
  readonly inner: Map<HeapNode, readonly HeapNode[]>
  readonly variables: Map<HeapNode, ScopeVariables>
}

const mostScopes = 12
const known = new WeakMap<HeapGraph, KnownScopes>()

function knownOf(heap: HeapGraph): KnownScopes {
  let found = known.get(heap)
  if (found === undefined) {
    found = { chains: new Map(), inner: new Map(), variables: new Map() }
    known.set(heap, found)
  }
  return found
}

/** The scopes that a function runs in, the innermost first, without that of its module. */
export function scopesOf(heap: HeapGraph, node: HeapNode): readonly HeapNode[] {
  const { inner } = knownOf(heap)
  let scopes = inner.get(node)
  if (scopes === undefined) {
    const chain = scopeChain(heap, nodeOf(heap, node, 'bound_function') ?? node)
    const outer = chain.findIndex(scope => isModuleScope(heap, scope))
    scopes = outer < 0 ? chain : chain.slice(0, outer)
    inner.set(node, scopes)
  }
  return scopes
}

/** The same with that of its module, and what is around it. */
export function scopeChain(heap: HeapGraph, node: HeapNode): readonly HeapNode[] {
  const { chains } = knownOf(heap)
  const found = chains.get(node)
  if (found !== undefined) return found
  const chain = [...scopesOutward(heap, nodeOf(heap, node, 'context'), mostScopes)]
  chains.set(node, chain)
  return chain
}

/** What the variables of a scope refer to. */
export function variablesIn(heap: HeapGraph, scope: HeapNode): ScopeVariables {
  const { variables } = knownOf(heap)
  const found = variables.get(scope)
  if (found !== undefined) return found
  const nodes = new Set<HeapNode>()
  const byName = new Map<string, HeapNode>()
  for (const { kind, name, node } of heap.edges(scope)) {
    if (kind !== 'variable') continue
    nodes.add(node)
    if (!byName.has(name)) byName.set(name, node)
  }
  const read = { nodes, byName }
  variables.set(scope, read)
  return read
}
