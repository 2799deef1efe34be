import { declarationOf, writesTo } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isCall, isLoop, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import { targetOf } from './exits.ts'
import { operationOf } from './operations.ts'
import { contains } from './steps.ts'

/**
 * Rule T1: the end of a time limit leaves nothing when the wait's result is thrown away and the loop is left only by
 * taking the word: no clock, no counter, no other call has a say in it.
 */
export function isRetried(
  syntax: Syntax,
  loop: Node,
  parked: CallNode | undefined,
  attempt?: CallNode,
): boolean {
  return (
    parked !== undefined &&
    syntax.parentOf(parked)?.type === 'ExpressionStatement' &&
    isLeftByWord(syntax, loop, attempt)
  )
}

/**
 * Whether a loop is left only by what its word says. `word`, where it is given, is the text of the array and index that
 * is taken: another word may be a flag that ends the loop for other reasons.
 */
export function isLeftByWord(
  syntax: Syntax,
  loop: Node,
  attempt?: CallNode,
  word?: { readonly array: string; readonly index: string },
): boolean {
  if (!isLoop(loop) || loop.type === 'ForOfStatement' || loop.type === 'ForInStatement') return false
  const tests: Node[] = loop.test ? [loop.test as Node] : []
  for (const node of walkOwn(loop)) {
    const leaves =
      node.type === 'ReturnStatement' ||
      node.type === 'ThrowStatement' ||
      (node.type === 'BreakStatement' && targetOf(syntax, node, syntax.root) === loop)
    if (!leaves) continue
    let decided = false
    for (const at of syntax.ancestors(node)) {
      if (at === loop) break
      if (at.type === 'IfStatement' && !contains(at.test as Node, node)) {
        tests.push(at.test as Node)
        decided = true
      }
    }
    if (!decided) return false
  }
  return (
    tests.length > 0 &&
    tests.every(
      test => onlyTheWord(syntax, loop, test, attempt) && (!word || !asksAnother(syntax, test, word)),
    )
  )
}

function asksAnother(
  syntax: Syntax,
  test: Node,
  word: { readonly array: string; readonly index: string },
): boolean {
  return [...walkOwn(test)].some(node => {
    const operation = isCall(node) ? operationOf(syntax, node) : undefined
    return (
      operation !== undefined &&
      (syntax.textOf(operation.array) !== word.array || syntax.textOf(operation.index) !== word.index)
    )
  })
}

/** True when a test looks at nothing that changes in the loop but results of `Atomics`, or of the call that tries. */
function onlyTheWord(syntax: Syntax, loop: Node, test: Node, attempt: CallNode | undefined): boolean {
  for (const node of walkOwn(test)) {
    if (node.type === 'UpdateExpression') return false
    if (isCall(node) && node !== attempt && !operationOf(syntax, node)) return false
    if (node.type !== 'Identifier') continue
    const declaration = declarationOf(syntax, node.name, node)
    if (!declaration) continue
    if (
      declaration.initialiser &&
      contains(loop, declaration.node) &&
      !isResult(syntax, declaration.initialiser)
    )
      return false
    for (const write of writesTo(syntax, declaration)) {
      if (!contains(loop, write)) continue
      if (write.type !== 'AssignmentExpression' || !isResult(syntax, write.right as Node)) return false
    }
  }
  return true
}

function isResult(syntax: Syntax, node: Node): boolean {
  if (!isCall(node)) return false
  const operation = operationOf(syntax, node)
  return operation !== undefined && operation.name !== 'wait'
}
