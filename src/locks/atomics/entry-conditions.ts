import type { Syntax } from '../../sources/syntax.ts'
import { type Node, unwrapped } from '../../sources/syntax-tree.ts'
import { constantOf } from './constants.ts'
import { type Environment, known, type Moment } from './environment.ts'
import type { Operation } from './operations.ts'
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

/**
 * An early return that looks at the lock's own word lets the owner in again, and one that looks at what the taking
 * operation gave (`const seen = compareExchange(…); if (seen === 0) return`) leaves with the lock: it is held either way.
 */
export function withoutReentry(syntax: Syntax, entry: Entry, step: AcquireStep): readonly Condition[] {
  const array = syntax.textOf(step.array)
  return entry.conditions.filter(({ why, test, truthy }) => {
    if (why !== 'an early exit' || !test) return true
    if (syntax.textOf(test).includes(array)) return false
    return !step.takings.some(taking => {
      const whenTaken = truthWhenTaken(syntax, test, taking)
      return whenTaken !== undefined && whenTaken !== truthy
    })
  })
}

/** What a test of the variable that keeps an operation's result is when it took the word; undefined for other tests. */
function truthWhenTaken(syntax: Syntax, test: Node, { call, name, rest }: Operation): boolean | undefined {
  const variable = variableOf(syntax, call)
  const free = name === 'compareExchange' ? rest[0] && constantOf(syntax, rest[0]) : 0
  if (variable === undefined || free === undefined) return undefined
  if (test.type === 'Identifier') return test.name === variable && free === 0 ? false : undefined
  if (test.type !== 'BinaryExpression') return undefined
  const sides = [test.left, test.right].map(side => unwrapped(side as Node))
  const at = sides.findIndex(side => side.type === 'Identifier' && side.name === variable)
  if (at < 0 || constantOf(syntax, sides[1 - at]!) !== free) return undefined
  if (test.operator === '===' || test.operator === '==') return true
  return test.operator === '!==' || test.operator === '!=' ? false : undefined
}

/** The name of the variable that an expression's value is put into. */
function variableOf(syntax: Syntax, expression: Node): string | undefined {
  const parent = syntax.parentOf(expression)
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name
  const assigned = parent?.type === 'AssignmentExpression' && parent.right === expression
  return assigned && parent.left.type === 'Identifier' ? parent.left.name : undefined
}
