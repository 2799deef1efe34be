import type { Syntax } from '../../sources/syntax.ts'
import { isCall, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import { type Environment, known, type Moment, numberOf } from './environment.ts'
import type { LockEvent } from './event.ts'
import { isReadable, returnsVerdict, type Truth } from './outcome.ts'
import type { Condition } from './way.ts'

/** Rules C2 and C3: settles an event that depends on the result of an operation or a call. */
export async function decide(
  environment: Environment,
  event: LockEvent,
  truth: Truth,
  position: Node | 'end',
): Promise<LockEvent[]> {
  if (truth === true) return [event]
  if (truth === false) return []
  const open = { ...event, conditions: [...event.conditions, `try ${event.step.completes.start}`] }
  if (truth === 'unknown') return position === 'end' ? [{ ...event, pending: true }] : [open]
  if ('returned' in truth) return truth.returned ? [{ ...event, pending: true }] : [open]
  if ('otherwise' in truth) {
    if (position === 'end' && returnsVerdict(environment.owner)) return [{ ...event, pending: true }]
    return [truth.otherwise ? { ...open, otherwise: truth.otherwise } : open]
  }
  if (event.moment.earlier || position === 'end' || !isReadable(environment.syntax, truth.variable, position))
    return [open]
  const value = await environment.evaluate(truth.variable, { from: event.step.completes })
  const stored = known(value.answer)
  if (!stored || stored.kind === 'undefined' || value.doubt || !('value' in stored)) return [open]
  const holds =
    truth.equals === undefined ? Boolean(stored.value) !== truth.negated : numberOf(stored) === truth.equals
  return holds ? [event] : []
}

/** Rule C1: the conditions that stay open; `no` when one of them is known to be false. */
export async function openConditions(
  environment: Environment,
  conditions: readonly Condition[],
  moment: Moment,
): Promise<readonly Condition[] | 'no'> {
  const verdicts = await Promise.all(
    conditions.map(condition =>
      condition.test && !moment.earlier
        ? holds(environment, condition.test, condition.truthy, moment)
        : 'open',
    ),
  )
  if (verdicts.includes(false)) return 'no'
  return conditions.filter((_, index) => verdicts[index] === 'open')
}

async function holds(
  environment: Environment,
  test: Node,
  truthy: boolean,
  moment: Moment,
): Promise<boolean | 'open'> {
  const names: Node[] = []
  for (const node of walkOwn(test)) {
    if (isCall(node)) return 'open'
    if (node.type === 'Identifier' && isNameUse(environment.syntax, node) && node.name !== 'undefined')
      names.push(node)
  }
  const [value, ...leaves] = await Promise.all(
    [test, ...names].map(node => environment.evaluate(node, moment)),
  )
  const answer = value && known(value.answer)
  if (!answer || value.doubt || answer.kind === 'symbol') return 'open'
  // A variable that was optimised out reads as undefined, and would decide the test wrongly.
  for (const leaf of leaves) {
    const one = known(leaf.answer)
    if (!one || one.kind === 'undefined' || leaf.doubt) return 'open'
  }
  if (answer.kind === 'undefined' && names.length === 0) return 'open'
  const isTrue =
    'value' in answer ? Boolean(answer.value) : answer.kind === 'object' || answer.kind === 'function'
  return isTrue === truthy
}
function isNameUse(syntax: Syntax, node: Node): boolean {
  const parent = syntax.parentOf(node)
  if (parent?.type === 'MemberExpression') return parent.object === node || parent.computed
  return parent?.type !== 'Property' || parent.value === node
}
