import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isFunction, type Node, walk } from '../../sources/syntax-tree.ts'
import { calledName, classOf, namesOf, type Place } from './function-catalogue.ts'

/** Methods of the language that call what they are given before they return. */
const languageMethods: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Array.prototype),
  ...Object.getOwnPropertyNames(Array),
  'replace',
  'replaceAll',
])

/**
 * Whether a function is handed to something that may call it later on: an event, a timer, a function whose text was not
 * read. One that is handed only to what calls it before it returns (`forEach`, `withLock(lock, action)`) runs within its
 * caller, and is none.
 */
export function isCallback(syntax: Syntax, owner: Node, functions: readonly Place[]): boolean {
  if (isKept(syntax, owner, functions)) return true
  const names = namesOf(syntax, owner)
  if (names.length === 0 || classOf(syntax, owner)) return false
  for (const node of walk(syntax.root))
    if (node.type === 'Identifier' && names.includes(node.name) && isKept(syntax, node, functions))
      return true
  return false
}

/** Whether a function stands among the arguments of a call that only runs it before it returns. */
export function runsInPlace(syntax: Syntax, owner: Node, functions: readonly Place[]): boolean {
  const call = syntax.parentOf(owner)
  return call?.type === 'CallExpression' && call.callee !== owner && !isKept(syntax, owner, functions)
}

/** An argument of a call that may keep it. `asked`: functions of which this is being found out already. */
function isKept(
  syntax: Syntax,
  node: Node,
  functions: readonly Place[],
  asked: ReadonlySet<Node> = new Set(),
): boolean {
  const call = syntax.parentOf(node)
  if ((call?.type !== 'CallExpression' && call?.type !== 'NewExpression') || call.callee === node)
    return false
  const name = calledName(syntax, call) ?? ''
  if (languageMethods.has(name)) return false
  const callees = functions.filter(place => namesOf(place.syntax, place.owner).includes(name))
  const at = call.arguments.indexOf(node as CallNode['arguments'][number])
  return callees.length === 0 || !callees.every(callee => callsAtOnce(callee, at, functions, asked))
}

/** Whether all that a function does with a parameter is to call it before it returns, or to hand it to one that does. */
function callsAtOnce(
  { syntax, owner }: Place,
  at: number,
  functions: readonly Place[],
  asked: ReadonlySet<Node>,
): boolean {
  if (!isFunction(owner) || owner.async || owner.generator) return false
  const parameter = owner.params[at]
  if (parameter?.type !== 'Identifier') return false
  if (asked.has(parameter)) return true
  const within = new Set([...asked, parameter])
  for (const node of walk(owner.body)) {
    if (node.type !== 'Identifier') continue
    if (node.name === 'arguments') return false
    if (node.name !== parameter.name) continue
    const parent = syntax.parentOf(node)
    if (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) continue
    if (declarationOf(syntax, node.name, node)?.identifier !== parameter) continue
    if (syntax.ownerOf(node) !== owner) return false
    if (isCalledOn(syntax, node)) continue
    if (parent?.type !== 'CallExpression') return false
    if (parent.callee !== node && isKept(syntax, node, functions, within)) return false
  }
  return true
}

/** `action.call(this)`, `action.apply(this, values)`. */
function isCalledOn(syntax: Syntax, node: Node): boolean {
  const member = syntax.parentOf(node)
  if (member?.type !== 'MemberExpression' || member.object !== node || member.computed) return false
  const call = syntax.parentOf(member)
  return (
    call?.type === 'CallExpression' &&
    call.callee === member &&
    /^(?:call|apply)$/.test(syntax.textOf(member.property))
  )
}
