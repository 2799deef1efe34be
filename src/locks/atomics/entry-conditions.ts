import type { Syntax } from '../../sources/syntax.ts'
import type { Node } from '../../sources/syntax-tree.ts'
import { type Environment, known, type Moment } from './environment.ts'
import type { Entry } from './schedule.ts'
import { type AcquireStep, contains } from './steps.ts'
import type { Condition } from './way.ts'

/** Whether control is still in the condition that an operation is part of: then it has not decided yet. */
export function isTesting(syntax: Syntax, call: Node, position: Node): boolean {
  for (const node of syntax.ancestors(call)) {
    if (contains(node, position)) return true
    if ('test' in (syntax.parentOf(node) ?? {}) || /Statement$|Declaration$/.test(node.type)) return false
  }
  return false
}

/** Whether there was such an iteration: `getLock(id)` could not be asked for an `id` that never was. */
export async function turnOf(environment: Environment, moment: Moment): Promise<'never' | 'maybe'> {
  if (!moment.iteration) return 'maybe'
  const { answer } = await environment.evaluate(moment.iteration.variable, moment)
  return known(answer)?.kind === 'undefined' ? 'never' : 'maybe'
}

/** An early return that looks at the lock's own word lets the owner in again: it holds the lock either way. */
export function withoutReentry(syntax: Syntax, entry: Entry, step: AcquireStep): readonly Condition[] {
  const array = syntax.textOf(step.array)
  return entry.conditions.filter(condition => {
    const test = condition.test && syntax.textOf(condition.test)
    return !(condition.why === 'an early exit' && test?.includes(array))
  })
}
