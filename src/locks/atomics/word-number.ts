import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isCall, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import { constantOf } from './constants.ts'
import { classOf } from './function-catalogue.ts'
import { type Operation, operationOf } from './operations.ts'
import { rootOf } from './through-call.ts'

/** An index that the program gives to a function of its own: that function locks more than one word. */
export function isGiven(syntax: Syntax, index: Node): boolean {
  const call = syntax.parentOf(index)
  return call !== undefined && isCall(call) && call.callee !== index && !operationOf(syntax, call)
}

const locking = new Set(['compareExchange', 'exchange', 'wait', 'waitAsync'])

/** Whether the source locks or waits at another word of the array whose word 0 an operation uses. */
export function hasMoreWords(syntax: Syntax, index: Node): boolean {
  const call = syntax.parentOf(index)
  const own = call && isCall(call) ? operationOf(syntax, call) : undefined
  if (!own) return false
  const word = ({ array }: Operation) => {
    const root = rootOf(array)
    const home =
      root.type === 'Identifier'
        ? declarationOf(syntax, root.name, root)?.identifier
        : classOf(syntax, syntax.ownerOf(array))
    return { text: syntax.textOf(unwrapped(array)), home }
  }
  const { text, home } = word(own)
  for (const node of walk(syntax.root)) {
    const other = isCall(node) ? operationOf(syntax, node) : undefined
    if (!other || !locking.has(other.name) || constantOf(syntax, other.index) === 0) continue
    const its = word(other)
    if (its.text === text && its.home === home) return true
  }
  return false
}
