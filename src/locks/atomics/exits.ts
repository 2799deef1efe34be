import type { Syntax } from '../../sources/syntax.ts'
import { isLoop, type Node } from '../../sources/syntax-tree.ts'

/** Whether a statement always ends in a jump that counts. */
export function exits(statement: Node, counts: (kind: string, exit: Node) => boolean): boolean {
  switch (statement.type) {
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return counts(statement.type, statement)
    case 'BlockStatement':
      return statement.body.some(one => exits(one as Node, counts))
    case 'IfStatement':
      return (
        statement.alternate != null &&
        exits(statement.consequent as Node, counts) &&
        exits(statement.alternate as Node, counts)
      )
    case 'TryStatement':
      return (
        (statement.finalizer != null && exits(statement.finalizer as Node, counts)) ||
        (exits(statement.block as Node, counts) &&
          (statement.handler == null || exits(statement.handler.body as Node, counts)))
      )
    case 'SwitchCase':
      return statement.consequent.some(one => exits(one as Node, counts))
    case 'LabeledStatement':
      return exits(statement.body as Node, counts)
    default:
      return false
  }
}

/** The loop or `switch` that a `break` or `continue` is about. */
export function targetOf(syntax: Syntax, exit: Node, owner: Node): Node | undefined {
  const label =
    exit.type === 'BreakStatement' || exit.type === 'ContinueStatement' ? exit.label?.name : undefined
  for (const node of syntax.ancestors(exit)) {
    if (node === owner) break
    if (label === undefined) {
      if (isLoop(node) || (exit.type === 'BreakStatement' && node.type === 'SwitchStatement')) return node
    } else if (node.type === 'LabeledStatement' && node.label.name === label) return node.body as Node
  }
  return undefined
}
