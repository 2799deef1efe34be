/** Scopes that are always there: those of modules and scripts. */
import type { HeapGraph, HeapNode } from '../../heap/graph.ts'

/** The scope of a module or of a script: always there. */
export function isModuleScope(heap: HeapGraph, context: HeapNode): boolean {
  const extension = heap.value(context, 'extension')
  if (extension?.kind === 'node' && heap.kind(extension.node) === 'module') return true
  const previous = heap.value(context, 'previous')
  return (
    (previous?.kind !== 'node' || isGlobalScope(heap, previous.node)) &&
    !heap.edges(context).some(({ kind, name }) => kind === 'variable' && name === 'this')
  )
}

/** V8's native context, around all others: it has no variables. */
function isGlobalScope(heap: HeapGraph, node: HeapNode): boolean {
  if (heap.kind(node) !== 'context') return true
  const outer = heap.value(node, 'previous')
  const outermost = outer?.kind !== 'node' || heap.kind(outer.node) !== 'context'
  return outermost && !heap.edges(node).some(({ kind }) => kind === 'variable')
}
