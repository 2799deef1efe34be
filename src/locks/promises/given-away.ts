/** Whether a release is in other hands too than in those of the function that will call it. */
import { isCall, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'
import { type CalledThing, calledThing } from './suspended-code.ts'

/**
 * Whether somebody else may release it too: a function that was made meanwhile calls the release, or was given what is called for
 * that (`setTimeout(release, 5000)`).
 */
export function isGivenAway(
  source: FunctionSource,
  release: CalledThing,
  from: Node,
  suspension: Node,
): boolean {
  const { syntax, fn } = source
  const name = text(source, release.target)
  for (const node of walk(fn)) {
    if (node === release.node || node.start < from.end || node.start > suspension.end || !isCall(node))
      continue
    const called = calledThing(node)
    const isSame =
      called !== undefined && called.method === release.method && text(source, called.target) === name
    if (isSame && syntax.ownerOf(node) !== fn) return true
    const callee = release.method === '' ? name : `${name}.${release.method}`
    if (node !== suspension && (node.arguments as Node[]).some(one => text(source, one) === callee))
      return true
  }
  return false
}

function text({ syntax }: FunctionSource, node: Node): string {
  return syntax.textOf(unwrapped(node)).replace(/\s+/g, '').replace(/\?\./g, '.')
}
