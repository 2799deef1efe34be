import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import { constantOf } from './constants.ts'
import { type Environment, known, type Moment } from './environment.ts'
import type { Operation } from './operations.ts'
import { takenAt } from './outcome.ts'
import type { Entry } from './schedule.ts'
import { type AcquireStep, contains, type TryStep } from './steps.ts'
import type { Condition } from './way.ts'

/** Whether control is still in the condition that an operation is part of: then it has not decided yet. */
export function isTesting(syntax: Syntax, call: Node, position: Node): boolean {
  for (const node of syntax.ancestors(call)) {
    if (contains(node, position)) return true
    if ('test' in (syntax.parentOf(node) ?? {}) || /Statement$|Declaration$/.test(node.type)) return false
  }
  return false
}

/**
 * What stands to the left of a try in one expression (`return n > 0 && compareExchange(…) === n`) was passed where that
 * expression tells that the word was taken.
 */
export function withoutGuards(
  syntax: Syntax,
  conditions: readonly Condition[],
  step: TryStep,
): readonly Condition[] {
  const parts = new Set<Node>()
  for (const node of syntax.ancestors(step.taking.call)) {
    if (/Statement$|Declaration$/.test(node.type)) break
    if (node.type === 'LogicalExpression') parts.add(unwrapped(node.left as Node))
  }
  return conditions.filter(({ test }) => {
    let guard = test
    while (guard && !parts.has(guard)) {
      const parent = syntax.parentOf(guard)
      guard =
        parent?.type === 'UnaryExpression' || parent?.type === 'ParenthesizedExpression' ? parent : undefined
    }
    return guard === undefined
  })
}

/** Whether there was such an iteration: `getLock(id)` could not be asked for an `id` that never was. */
export async function turnOf(environment: Environment, moment: Moment): Promise<'never' | 'maybe'> {
  if (!moment.iteration) return 'maybe'
  const { answer } = await environment.evaluate(moment.iteration.variable, moment)
  return known(answer)?.kind === 'undefined' ? 'never' : 'maybe'
}

/**
 * An early return that looks at the lock's own word lets the owner in again, and one that is reached only when the
 * taking operation succeeded (`if (n > 0) { if (compareExchange(…, n, n - 1) === n) return }`) leaves with the lock: it
 * is held either way.
 */
export function withoutReentry(syntax: Syntax, entry: Entry, step: AcquireStep): readonly Condition[] {
  const array = syntax.textOf(step.array)
  return entry.conditions.filter(({ why, test, exit }) => {
    if (why !== 'an early exit') return true
    if (test && syntax.textOf(test).includes(array)) return false
    return exit === undefined || !step.takings.some(taking => isReachedByTaking(syntax, exit, taking))
  })
}

/** Whether a place is reached only when the operation took the word, by its result or the variable that keeps it. */
function isReachedByTaking(syntax: Syntax, place: Node, taking: Operation): boolean {
  if (takenAt(syntax, taking, place) === true) return true
  let child = place
  for (const parent of syntax.ancestors(place)) {
    if (isFunction(parent)) return false
    if (parent.type === 'IfStatement' && child !== parent.test) {
      const whenTaken = truthWhenTaken(syntax, unwrapped(parent.test as Node), taking)
      if (whenTaken !== undefined && whenTaken === (child === parent.consequent)) return true
    }
    child = parent
  }
  return false
}

/** What a test of the variable that keeps an operation's result is when it took the word; undefined for other tests. */
function truthWhenTaken(syntax: Syntax, test: Node, { call, name, rest }: Operation): boolean | undefined {
  const variable = variableOf(syntax, call)
  if (variable === undefined) return undefined
  const expected = name === 'compareExchange' ? rest[0] : undefined
  const free = expected === undefined ? 0 : constantOf(syntax, expected)
  if (test.type === 'Identifier') return test.name === variable && free === 0 ? false : undefined
  if (test.type !== 'BinaryExpression') return undefined
  const sides = [test.left, test.right].map(side => unwrapped(side as Node))
  const at = sides.findIndex(side => side.type === 'Identifier' && side.name === variable)
  const other = sides[1 - at]
  if (at < 0 || other === undefined) return undefined
  const asExpected = expected !== undefined && syntax.textOf(other) === syntax.textOf(unwrapped(expected))
  if (!asExpected && (free === undefined || constantOf(syntax, other) !== free)) return undefined
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
