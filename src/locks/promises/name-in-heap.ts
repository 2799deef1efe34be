/** What an object is called by the data that refers to it: `Ledger.#mutex`, `savings.lock`, `limit`. */
import type { HeapEdge, HeapGraph, HeapNode } from '../../heap/graph.ts'
import { isModuleScope } from './module-scope.ts'

const deepest = 5
const mostNodes = 200
/** Above so many hops to a variable, the class of the nearest owner tells more. */
const farthest = 3

/**
 * By the nearest variable of a module: `savings.mutex`; of a field that a private name or an instance keeps, by its class:
 * `Ledger.#mutex`. `parts` are what the lock is made of: their own fields do not name it.
 */
export function nameInHeap(
  heap: HeapGraph,
  node: HeapNode,
  parts: ReadonlySet<HeapNode>,
): string | undefined {
  let level: readonly { readonly node: HeapNode; readonly path: string }[] = [...parts, node].map(part => ({
    node: part,
    path: '',
  }))
  const seen = new Set<HeapNode>(level.map(part => part.node))
  let owned: string | undefined
  let left = mostNodes
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const next: { readonly node: HeapNode; readonly path: string }[] = []
    for (const { node: at, path } of level) {
      for (const edge of heap.retainers(at)) {
        const name = nameOf(heap, edge, at, parts)
        if (name === undefined || --left < 0) continue
        const kind = heap.kind(edge.node)
        if ((kind === 'context' || kind === 'module') && edge.kind === 'variable') {
          // What a package calls it tells a reader of the program nothing.
          if (name === 'this' || (kind === 'context' && isOfPackage(heap, edge.node))) continue
          if (kind === 'module' || isModuleScope(heap, edge.node)) {
            const whole = `${name}${path}`
            return depth >= farthest && owned !== undefined ? owned : whole
          }
          if (seen.has(edge.node)) continue
          owned ??= depth === 0 ? undefined : `${name}${path}`
        }
        if (seen.has(edge.node)) continue
        seen.add(edge.node)
        const className = heap.className(edge.node)
        // What a CommonJS module exports.
        if (className === 'process') continue
        if (className === 'Module' && edge.kind === 'property') return owned ?? `exports${path}`
        const inner = kind === 'object' || kind === 'array' || kind === 'map' ? `${name}${path}` : path
        if (
          kind === 'object' &&
          path === '' &&
          className !== '' &&
          className !== 'Object' &&
          owned === undefined &&
          !isClassOfPackage(heap, edge.node)
        )
          owned = `${className}${inner}`
        next.push({ node: edge.node, path: inner })
      }
    }
    level = next
  }
  return owned
}

function isClassOfPackage(heap: HeapGraph, node: HeapNode): boolean {
  const made = heap.method(node, 'constructor')
  return made !== undefined && /node_modules|^node:/.test(heap.code(made)?.place?.script ?? 'node:')
}

/** By a function that runs in it. */
function isOfPackage(heap: HeapGraph, context: HeapNode): boolean {
  const user = heap
    .retainers(context)
    .find(({ name, node }) => name === 'context' && heap.kind(node) === 'function')
  return user !== undefined && /node_modules/.test(heap.code(user.node)?.place?.script ?? '')
}

/** How one thing is reached from another, as source text has it; undefined where no text has it. */
function nameOf(
  heap: HeapGraph,
  edge: HeapEdge,
  to: HeapNode,
  parts: ReadonlySet<HeapNode>,
): string | undefined {
  // A lock that is a scope goes by what its functions are kept in.
  if (edge.name === 'context' && heap.kind(edge.node) === 'function') return parts.has(to) ? '' : undefined
  if (edge.kind === 'variable') return edge.name
  if (heap.kind(to) === 'function') return edge.kind === 'property' ? '' : undefined
  if (edge.kind === 'property') return `.${edge.name}`
  if (edge.kind === 'element') return `[${edge.name}]`
  if (edge.kind === 'entry') return edge.name === '' ? '.get(…)' : `.get('${edge.name}')`
  return undefined
}
