import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isFunction, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { resolveCall } from './call.ts'
import { CalleeEnvironment } from './callee-environment.ts'
import { type Environment, type Known, known, type Moment } from './environment.ts'
import type { FunctionCatalogue } from './function-catalogue.ts'

/**
 * What a call gives that may not be made again, because its function makes on demand what is not there yet: its
 * `return locks.get(name)` can be read without it. Undefined where nothing is there, or two ways give two things.
 */
export async function returnedBy(
  environment: Environment,
  call: CallNode,
  moment: Moment,
  catalogue: FunctionCatalogue,
  asker: Asker,
): Promise<Known | undefined> {
  const called = await resolveCall(environment, call, moment, catalogue, asker)
  if (!called || called === 'unreadable' || called.constructs) return undefined
  const { syntax, owner } = called.origin
  if (!isFunction(owner) || owner.async || owner.generator) return undefined
  const callee = new CalleeEnvironment({ ...called.origin, ...called }, asker)
  const values = await Promise.all(
    resultsOf(syntax, owner).map(result => callee.evaluate(result, { from: result })),
  )
  const objects = values.filter(({ answer }) => known(answer)?.kind === 'object')
  const [first] = objects
  if (objects.length > 1 || !first) return undefined
  const doubt = called.doubt ?? first.doubt
  return doubt === undefined ? first : { ...first, doubt }
}

/** The expressions that a function returns; of a name that is set again where it was empty, what it was first. */
function resultsOf(syntax: Syntax, owner: Node): readonly Node[] {
  if (owner.type === 'ArrowFunctionExpression' && owner.expression) return [owner.body as Node]
  const results = new Map<string, Node>()
  for (const node of walkOwn(owner)) {
    if (node.type !== 'ReturnStatement' || !node.argument) continue
    let result = unwrapped(node.argument as Node)
    const declaration = result.type === 'Identifier' ? declarationOf(syntax, result.name, result) : undefined
    if (declaration?.initialiser && declaration.kind !== 'parameter' && declaration.path === undefined)
      result = unwrapped(declaration.initialiser)
    if (result.type !== 'NewExpression') results.set(syntax.textOf(result), result)
  }
  return [...results.values()]
}
