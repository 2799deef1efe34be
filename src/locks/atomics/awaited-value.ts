import type { Syntax } from '../../sources/syntax.ts'
import { isCall, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import { canonicalText, constantOf } from './constants.ts'
import { operationOf } from './operations.ts'
import { loopAround } from './steps.ts'

/** A wait as the source has it, and the values that count. */
export interface AwaitedWord {
  readonly syntax: Syntax
  readonly owner: Node
  /** The call of `Atomics.wait`. */
  readonly call: Node
  readonly array: Node
  readonly index: Node
  readonly expected: number
  readonly value: number
}

/**
 * Whether a thread that is woken would leave the loop around its wait: without a loop it would, else the loop's test has
 * to say so when the word has the value that it has.
 */
export function wouldLeave(wait: AwaitedWord): boolean {
  const loop = loopAround(wait.syntax, wait.owner, wait.call)
  if (!loop) return true
  if (loop.type !== 'WhileStatement' && loop.type !== 'ForStatement' && loop.type !== 'DoWhileStatement')
    return false
  return loop.test !== null && loop.test !== undefined && truth(wait, loop.test as Node) === false
}

function truth(wait: AwaitedWord, test: Node): boolean | undefined {
  const node = unwrapped(test)
  if (node.type === 'LogicalExpression') {
    const [left, right] = [truth(wait, node.left as Node), truth(wait, node.right as Node)]
    if (node.operator === '&&') return left === false || right === false ? false : left && right
    return left === true || right === true ? true : left === false && right === false ? false : undefined
  }
  if (node.type === 'UnaryExpression' && node.operator === '!') {
    const inner = truth(wait, node.argument as Node)
    return inner === undefined ? undefined : !inner
  }
  if (node.type !== 'BinaryExpression') {
    const value = numberFor(wait, node)
    return value === undefined ? undefined : value !== 0
  }
  const [left, right] = [numberFor(wait, node.left as Node), numberFor(wait, node.right as Node)]
  if (left === undefined || right === undefined) return undefined
  switch (node.operator) {
    case '===':
    case '==':
      return left === right
    case '!==':
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      return undefined
  }
}

/** A load of the word is its value, what the wait was told to expect is that, and constants are constants. */
function numberFor(wait: AwaitedWord, expression: Node): number | undefined {
  const { syntax } = wait
  let node = unwrapped(expression)
  if (node.type === 'AssignmentExpression' && node.operator === '=') node = unwrapped(node.right as Node)
  const constant = constantOf(syntax, node)
  if (constant !== undefined) return constant
  if (isCall(node)) {
    const operation = operationOf(syntax, node)
    const same =
      operation?.name === 'load' &&
      canonicalText(syntax, operation.array) === canonicalText(syntax, wait.array) &&
      canonicalText(syntax, operation.index) === canonicalText(syntax, wait.index)
    return same ? wait.value : undefined
  }
  const told = isCall(wait.call) ? (wait.call.arguments[2] as Node | undefined) : undefined
  return told && canonicalText(syntax, told) === canonicalText(syntax, node) ? wait.expected : undefined
}
