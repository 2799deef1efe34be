import { type CallNode, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import type { Environment } from './environment.ts'
import { contains } from './steps.ts'
import { runsBefore } from './way.ts'

/** Where an async function first gives up control: what its caller did not await stands there (rules N3 and Y1). */
export function firstAwait(owner: Node): Node | undefined {
  for (const node of walkOwn(owner))
    if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await)) return node
  return undefined
}

/** Y1's guard: when the caller has awaited since, the callee may have gone on. */
export function awaitsBetween(environment: Environment, call: CallNode, position: Node | 'end'): boolean {
  for (const node of walkOwn(environment.owner)) {
    if (node.type !== 'AwaitExpression' && node.type !== 'YieldExpression') continue
    if (contains(node, call)) continue
    if (
      runsBefore(environment.syntax, call, node) &&
      (position === 'end' || !runsBefore(environment.syntax, position, node))
    )
      return true
  }
  return false
}
