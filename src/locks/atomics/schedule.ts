import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isLoop, type Node, walk } from '../../sources/syntax-tree.ts'
import type { Moment } from './environment.ts'
import { loopVariable, madeInTurn } from './rendering.ts'
import { contains, type Step, stepsOf } from './steps.ts'
import { type Condition, runsBefore, type Way, wayInIteration, wayTo } from './way.ts'

/** A step that has run, or may have, at one moment of its function. */
export interface Entry {
  readonly step: Step
  readonly moment: Moment
  readonly conditions: readonly Condition[]
  /** The position stands inside the acquisition: it is done only where the operation's result says so (rule A2). */
  readonly inside: boolean
}

/** More iterations than this of a loop that is over are not asked for. */
export const iterationLimit = 16

/**
 * The steps of a function that have run when control is at a position, in order. In a loop that goes on, every step
 * has run once more in an earlier iteration (rule L2); in one that is over, once for each element (rule L1).
 */
export function stepsBefore(syntax: Syntax, owner: Node, position: Node | 'end'): readonly Entry[] {
  const { steps } = stepsOf(syntax, owner)
  const entries: Entry[] = []
  const loops = position === 'end' ? [] : loopsAround(syntax, owner, position)
  const pending = [...loops]
  const enter = (until: Step | undefined) => {
    while (pending[0] && (!until || pending[0].start <= until.completes.start)) {
      const loop = pending.shift()!
      for (const step of steps)
        if (step.completes !== loop && contains(loop, step.completes) && position !== 'end')
          entries.push(...earlier(syntax, loop, step))
    }
  }
  for (const step of steps) {
    enter(step)
    const entry = current(syntax, owner, step, position)
    if (entry) entries.push(...entry)
  }
  enter(undefined)
  return entries
}

/** The steps that may still run from a position on, in this function. */
export function stepsAfter(syntax: Syntax, owner: Node, position: Node): readonly Entry[] {
  const loops = loopsAround(syntax, owner, position)
  return stepsOf(syntax, owner).steps.flatMap(step => {
    const later =
      runsBefore(syntax, position, step.completes) ||
      contains(step.completes, position) ||
      loops.some(loop => contains(loop, step.completes))
    if (!later || step.completes === position) return []
    if (!contains(step.completes, position) && wayTo(syntax, owner, position, step.completes) === 'no')
      return []
    const loop = [...syntax.ancestors(step.completes)].find(
      node =>
        isLoop(node) && node !== step.completes && contains(owner, node) && dependsOn(syntax, step, node),
    )
    if (loop && !contains(step.completes, position)) return iterations(step, [], { from: position }, loop)
    return [{ step, moment: { from: position }, conditions: [], inside: false }]
  })
}

export function loopsAround(syntax: Syntax, owner: Node, position: Node): Node[] {
  const loops: Node[] = []
  for (const node of syntax.ancestors(position)) {
    if (node === owner) break
    if (isLoop(node)) loops.unshift(node)
  }
  return loops
}

function current(
  syntax: Syntax,
  owner: Node,
  step: Step,
  position: Node | 'end',
): readonly Entry[] | undefined {
  const node = step.completes
  if (position !== 'end') {
    if (node === position) return undefined
    if (contains(node, position)) {
      // Inside an acquisition, or in an argument of a call that has not begun.
      return step.kind === 'acquire'
        ? [{ step, moment: { from: node }, conditions: [], inside: true }]
        : undefined
    }
    if (!runsBefore(syntax, node, position)) return undefined
  }
  const way = bestWay(syntax, owner, step, position)
  if (way === 'no') return undefined
  const conditions = [...way.conditions]
  const variableLoops = way.finished.filter(loop => dependsOn(syntax, step, loop))
  const [loop] = variableLoops
  for (const finished of way.finished)
    if (finished !== loop && finished.type !== 'DoWhileStatement')
      conditions.push({ key: `loop ${finished.start}`, truthy: true, why: 'a loop that may not have run' })
  if (!loop) return [{ step, moment: { from: node }, conditions, inside: false }]
  return iterations(step, conditions, { from: node }, loop)
}

/** Rule A3: an acquisition is unconditional when any of its operations is. */
function bestWay(syntax: Syntax, owner: Node, step: Step, position: Node | 'end'): Way | 'no' {
  const anchors = [step.completes]
  if (step.kind === 'acquire')
    for (const taking of step.takings) if (!contains(step.region, taking.call)) anchors.push(taking.call)
  let best: Way | 'no' = 'no'
  for (const anchor of anchors) {
    const way = wayTo(syntax, owner, anchor, position)
    if (way === 'no') continue
    if (best === 'no' || weight(way) < weight(best)) best = way
  }
  return best
}

function weight(way: Way): number {
  return way.conditions.length + way.finished.length
}

function earlier(syntax: Syntax, loop: Node, step: Step): readonly Entry[] {
  const conditions = wayInIteration(syntax, loop, step.completes)
  if (conditions === 'no') return []
  // Nothing can be evaluated for an iteration that is gone: each condition stays open, each under its own name.
  const open = conditions.map(({ key, truthy, why }) => ({ key: `${key} earlier`, truthy, why }))
  const first = {
    key: `earlier ${loop.start}`,
    truthy: true,
    why: 'this may be the first time round the loop',
  }
  const moment: Moment = { from: step.completes, earlier: loop }
  if (dependsOn(syntax, step, loop)) return iterations(step, open, moment, loop)
  return [{ step, moment, conditions: [...open, first], inside: false }]
}

function iterations(step: Step, conditions: readonly Condition[], moment: Moment, loop: Node): Entry[] {
  const variable = loopVariable(loop)!
  return Array.from({ length: iterationLimit }, (_, number) => ({
    step,
    moment: { ...moment, iteration: { variable, loop, number } },
    conditions,
    inside: false,
  }))
}

/** Whether the step is about the variable of a loop whose iterations can be told apart. */
function dependsOn(syntax: Syntax, step: Step, loop: Node): boolean {
  const variable = loopVariable(loop)
  if (!variable) return false
  const parts =
    step.kind === 'call'
      ? [step.call.callee as Node, ...(step.call.arguments as Node[])]
      : [step.array, step.index]
  for (const part of parts)
    for (const node of walk(part))
      if (node.type === 'Identifier') {
        const declaration = declarationOf(syntax, node.name, node)
        if (!declaration) continue
        if (declaration.identifier === variable || madeInTurn(syntax, declaration, { variable, loop }))
          return true
      }
  return false
}
