import { isFunction, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import { isCallback } from './callback.ts'
import { calledName, namesOf, type Place } from './function-catalogue.ts'
import { stepsOf } from './steps.ts'

const depthLimit = 3

/** Whether a callback may still start a worker: a party that has not come yet, to a barrier for one. */
export function mayStartWorkers(functions: readonly Place[]): boolean {
  return functions.some(
    place => startsWorker(place.owner) && isReachedByCallback(place, functions, depthLimit),
  )
}

function startsWorker(owner: Node): boolean {
  for (const node of walkOwn(owner))
    if (node.type === 'NewExpression') {
      const callee = node.callee as Node
      const name = callee.type === 'MemberExpression' ? (callee.property as Node) : callee
      if (name.type === 'Identifier' && name.name === 'Worker') return true
    }
  return false
}

function isReachedByCallback(place: Place, functions: readonly Place[], depth: number): boolean {
  const { syntax, owner } = place
  for (const node of syntax.ancestors(owner))
    if (isFunction(node) && isCallback(syntax, node, functions)) return true
  const names = namesOf(syntax, owner)
  if (depth === 0 || names.length === 0) return false
  return functions.some(
    other =>
      other !== place &&
      stepsOf(other.syntax, other.owner).steps.some(
        step => step.kind === 'call' && names.includes(calledName(other.syntax, step.call) ?? ''),
      ) &&
      isReachedByCallback(other, functions, depth - 1),
  )
}
