import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isCall, isFunction, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import { calledName, type FunctionCatalogue, namesOf } from './function-catalogue.ts'
import { contains, stepsOf } from './steps.ts'

interface Place {
  readonly syntax: Syntax
  readonly owner: Node
}

const depthLimit = 5

/**
 * Whether the main thread may come to code that notifies anybody. It cannot where all that does is called, as far as it
 * can be followed, in the branch of `isMainThread` that the workers take. Of which word does not matter: the main thread
 * may have another name for it.
 */
export function mainMayNotify(catalogue: FunctionCatalogue): boolean {
  const roots = new Set(catalogue.functions.map(({ syntax }) => syntax))
  const places: Place[] = [
    ...catalogue.functions,
    ...[...roots].map(syntax => ({ syntax, owner: syntax.root })),
  ]
  let found = false
  for (const place of places)
    for (const operation of stepsOf(place.syntax, place.owner).operations) {
      if (operation.name !== 'notify') continue
      found = true
      if (mainMayRun(place, operation.call, places, depthLimit)) return true
    }
  return !found
}

function mainMayRun({ syntax, owner }: Place, at: Node, places: readonly Place[], depth: number): boolean {
  if (isForWorkers(syntax, at)) return false
  if (!isFunction(owner) || depth === 0) return true
  const names = namesOf(syntax, owner)
  const parent = syntax.parentOf(owner)
  if (names.length === 0 && parent)
    return mainMayRun({ syntax, owner: syntax.ownerOf(parent) }, owner, places, depth - 1)
  const callers = places.flatMap(place =>
    callsOf(place, names).flatMap(call => (contains(owner, call) ? [] : [{ place, call }])),
  )
  return callers.length === 0 || callers.some(({ place, call }) => mainMayRun(place, call, places, depth - 1))
}

function callsOf({ syntax, owner }: Place, names: readonly string[]): readonly CallNode[] {
  return stepsOf(syntax, owner).steps.flatMap(step =>
    step.kind === 'call' && names.includes(calledName(syntax, step.call) ?? '') ? [step.call] : [],
  )
}

/** In the `else` of `if (isMainThread)`, or in an `if (!isMainThread)`. */
function isForWorkers(syntax: Syntax, at: Node): boolean {
  for (const node of syntax.ancestors(at)) {
    if (node.type !== 'IfStatement') continue
    const test = unwrapped(node.test as Node)
    const isMain = (one: Node) => one.type === 'Identifier' && one.name === 'isMainThread'
    if (isMain(test) && node.alternate && contains(node.alternate as Node, at)) return true
    const negated =
      test.type === 'UnaryExpression' && test.operator === '!' && unwrapped(test.argument as Node)
    if (negated && !isCall(negated) && isMain(negated) && contains(node.consequent as Node, at)) return true
  }
  return false
}
