import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { ResolvedCall } from './call.ts'
import { canonicalText, constantOf } from './constants.ts'
import type { LockEvent } from './event.ts'
import { choosing, factoryMade, pickedByReceiver, rootOf, throughCall } from './through-call.ts'

/** What stands for the lock, carried from the callee's words to the caller's. */
export function designatorOf(event: LockEvent, call: ResolvedCall, node: CallNode, syntax: Syntax) {
  const inner = event.designator
  if (!inner || inner.syntax !== call.origin.syntax) return inner
  const picked = pickedByReceiver(call.origin, inner.node, inner.index, node)
  if (picked) return { syntax, node: picked, index: undefined }
  const outer = throughCall(call.origin, inner.node, node)
  const made = outer ?? factoryMade(call.origin, inner.node, inner.index, node)
  // An array of the module goes by the same name everywhere; which of its words, the call may tell.
  const ofModule = !made && isOfModule(inner.syntax, inner.node)
  if (!made && !ofModule) return inner
  if (!made) {
    const given = inner.index && throughCall(call.origin, inner.index, node)
    return given && inner.syntax === syntax ? { ...inner, index: given } : inner
  }
  const index = choosing(call.origin, inner.node) ?? inner.index
  return {
    syntax,
    node: made,
    index: outer && index && (throughCall(call.origin, index, node) ?? constantIndex(call, index)),
  }
}

/** Whether an expression begins with a name that the whole module knows. */
export function isOfModule(syntax: Syntax, node: Node): boolean {
  const root = rootOf(node)
  const scope = root.type === 'Identifier' && declarationOf(syntax, root.name, root)?.scope
  return scope !== undefined && scope !== false && scope === syntax.root
}

function constantIndex(call: ResolvedCall, index: Node): Node | undefined {
  return constantOf(call.origin.syntax, index) === undefined ? undefined : index
}

/** What a call is about, for matching calls whose words cannot be read: `m` of `m.lock()`, `m, 2` of `lock(m, 2)`. */
export function aboutCall(syntax: Syntax, call: CallNode): string {
  const callee = unwrapped(call.callee as Node)
  if (callee.type === 'MemberExpression' && callee.object.type !== 'Super')
    return canonicalText(syntax, callee.object as Node)
  return (call.arguments as Node[]).map(argument => canonicalText(syntax, argument)).join()
}
