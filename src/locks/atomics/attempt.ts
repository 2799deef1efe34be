import { type CallNode, isFunction, isLoop, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import type { Effects } from './effects.ts'
import type { LockEvent } from './event.ts'
import { frameAt } from './frame-at.ts'
import { isPassedIn } from './lock-code.ts'
import type { Names, Naming } from './names.ts'
import { takesText } from './owner.ts'
import type { PlacedFrame } from './prepared.ts'
import { contains, decidesLoop, stepsOf } from './steps.ts'

/** A loop that is left only when a function it calls has taken the word: `while (!this.tryLock()) …`. */
export interface Attempt {
  readonly loop: Node
  readonly call: CallNode
  /** What that call does when it succeeds. */
  readonly event: LockEvent
}

/** Rule A7: the taking stands in a function that the loop around a frame's position calls, and whose result ends the loop. */
export async function attemptAround(
  stack: readonly PlacedFrame[],
  at: number,
  asker: Asker,
  effects: Effects,
): Promise<Attempt | undefined> {
  const { syntax, owner, position } = stack[at]!
  const calls = stepsOf(syntax, owner).steps.flatMap(step => (step.kind === 'call' ? [step.call] : []))
  const environment = frameAt(stack, at, asker)
  for (const loop of syntax.ancestors(position)) {
    if (loop === owner || isFunction(loop)) return undefined
    if (!isLoop(loop)) continue
    const deciding = calls.filter(call => contains(loop, call) && decidesLoop(syntax, loop, call))
    const tried = await Promise.all(deciding.map(call => effects.triedBy(environment, call)))
    for (const [at, events] of tried.entries())
      if (events[0]) return { loop, call: deciding[at]!, event: events[0] }
  }
  return undefined
}

/** The source of what a successful try writes: a candidate for the owner's id. */
export function takenText({ event: { acquiring, within } }: Attempt): string | undefined {
  return acquiring?.takes && takesText(within.syntax, acquiring.takes)
}

/** The lock in the words of the frame whose loop tries to take it. */
export async function nameOfAttempt(
  stack: readonly PlacedFrame[],
  site: number,
  { call, event }: Attempt,
  names: Names,
): Promise<Naming> {
  const frame = stack[site]!
  const { designator } = event
  if (designator?.syntax === frame.syntax && contains(frame.owner, designator.node))
    return names.name(stack, site, designator.node, designator.index, isPassedIn(frame, designator.node))
  const callee = unwrapped(call.callee as Node)
  return callee.type === 'MemberExpression'
    ? names.name(stack, site, callee.object as Node, undefined, isPassedIn(frame, callee.object as Node))
    : { label: frame.syntax.textOf(call), frame }
}
