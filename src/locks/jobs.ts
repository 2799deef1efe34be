/**
 * Workers that wait inside of a job: the outermost loop of such a stack takes one job after the other (it parks until
 * there is one, or receives it from a port), and the call in progress works on what was taken.
 */
import { isUnknown, type Wait } from '../snapshot/model.ts'
import { childrenOf, isCall, isFunction, isLoop, type Node } from '../sources/syntax-tree.ts'
import { calledName } from './atomics/function-catalogue.ts'
import { operationOf } from './atomics/operations.ts'
import type { PlacedFrame, Prepared } from './atomics/prepared.ts'
import { contains, stepsOf } from './atomics/steps.ts'

/** The waits, those inside of a job with the index of the frame that runs the loop of jobs. */
export function withJobs(waits: readonly Wait[], prepared: Prepared): readonly Wait[] {
  return waits.map(wait => {
    const stack = prepared.stacks.get(wait.party) ?? []
    const loop = isUnknown(wait.at) ? undefined : stack.findLast(frame => runsJob(frame, prepared))
    return loop === undefined || loop.activation.index === 0
      ? wait
      : { ...wait, jobLoop: loop.activation.index }
  })
}

function runsJob({ syntax, owner, position }: PlacedFrame, prepared: Prepared): boolean {
  for (let at: Node | undefined = position; at && at !== owner; at = syntax.parentOf(at)) {
    if (isLoop(at) && worksOnTaken(at)) return true
  }
  return false

  function worksOnTaken(loop: Node): boolean {
    const sources = [...below(loop)].filter(node => isCall(node) && !contains(node, position) && takes(node))
    if (sources.length === 0) return false
    const names = new Set<string>()
    const isTaken = (node: Node) =>
      [...below(node)].some(
        part => sources.includes(part) || (part.type === 'Identifier' && names.has(part.name)),
      )
    for (const node of below(loop)) {
      if (node.type === 'VariableDeclarator' && node.init && isTaken(node.init as Node))
        for (const part of below(node.id as Node)) if (part.type === 'Identifier') names.add(part.name)
      if (
        node.type === 'AssignmentExpression' &&
        node.left.type === 'Identifier' &&
        isTaken(node.right as Node)
      )
        names.add(node.left.name)
    }
    if (names.size === 0 && sources.every(source => !contains(position, source))) return false
    if (isTaken(position)) return true
    for (let at = syntax.parentOf(position); at && at !== loop; at = syntax.parentOf(at)) {
      const test =
        at.type === 'IfStatement' ? at.test : at.type === 'SwitchStatement' ? at.discriminant : undefined
      if (test && isTaken(test as Node)) return true
    }
    return false
  }

  /** Whether a call brings a job: it parks until there is one, reads the array that was parked on, or asks a port. */
  function takes(call: Node): boolean {
    if (!isCall(call)) return false
    const { events } = stepsOf(syntax, owner)
    const operation = operationOf(syntax, call)
    if (operation)
      return (
        operation.name !== 'notify' &&
        events.some(wait => syntax.textOf(wait.array) === syntax.textOf(operation.array))
      )
    const name = calledName(syntax, call)
    if (name === undefined) return false
    if (name === 'receiveMessageOnPort') return true
    return prepared.catalogue.named(name).some(place => stepsOf(place.syntax, place.owner).events.length > 0)
  }
}

/** The nodes that run with `root`: functions inside of it are not entered. */
function* below(root: Node): Generator<Node> {
  const stack = [root]
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node
    if (node === root || !isFunction(node)) stack.push(...childrenOf(node).toReversed())
  }
}
