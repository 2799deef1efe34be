import type { Answer, Word } from '../../snapshot/question.ts'
import { declarationOf } from '../../sources/scopes.ts'
import { isCall, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { Environment, Moment } from './environment.ts'
import type { LockEvent } from './event.ts'
import { calledName, type Origin } from './function-catalogue.ts'
import type { CallStep } from './steps.ts'

/** U2: `g()`, `g.release()` where `g` was bound to the result of an acquiring call. */
export function giveBackBy(environment: Environment, step: CallStep, moment: Moment): LockEvent[] {
  const { syntax, owner } = environment
  let root = unwrapped(step.call.callee as Node)
  const name = calledName(syntax, step.call)
  if (root.type === 'MemberExpression') {
    const computed = root.computed && /\bdispose\b/i.test(syntax.textOf(root.property))
    if (!computed && !/^(release|unlock|dispose|free|leave|exit|close)$/.test(name ?? '')) return []
    root = unwrapped(root.object as Node)
  }
  if (root.type !== 'Identifier') return []
  const declaration = declarationOf(syntax, root.name, root)
  let source = declaration?.initialiser && unwrapped(declaration.initialiser)
  if (source?.type === 'AwaitExpression') source = unwrapped(source.argument as Node)
  if (!source || !isCall(source)) return []
  const within: Origin = { syntax, owner, ambiguous: false }
  const word: Answer<Word> = { unknown: 'not asked' }
  return [
    {
      kind: 'give-back',
      word,
      conditions: [],
      doubts: [],
      step,
      moment,
      about: root.name,
      within,
      guard: source,
      designator: undefined,
    },
  ]
}
