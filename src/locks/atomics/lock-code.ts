import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isCall, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import type { PlacedFrame } from './prepared.ts'
import { stepsOf } from './steps.ts'
import { rootOf } from './through-call.ts'

/** A function that is there to lock: what it takes it leaves taken, or it runs a callback while it holds it. */
export function isLockCode(syntax: Syntax, owner: Node): boolean {
  const { steps } = stepsOf(syntax, owner)
  if (!steps.some(step => step.kind === 'change')) return true
  for (const node of walkOwn(owner)) {
    if (!isCall(node) || node.callee.type !== 'Identifier') continue
    const declaration = declarationOf(syntax, node.callee.name, node)
    if (declaration?.kind === 'parameter' && declaration.scope === owner) return true
  }
  return false
}

/** Whether what an expression names belongs to the receiver or was given as an argument. */
export function isPassedIn(frame: PlacedFrame, expression: Node): boolean {
  const root = rootOf(expression)
  if (root.type === 'ThisExpression') return true
  if (root.type !== 'Identifier') return false
  const declaration = declarationOf(frame.syntax, root.name, root)
  return declaration?.kind === 'parameter' && declaration.scope === frame.owner
}
