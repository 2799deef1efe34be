import { declarationOf, isConstant } from '../../sources/scopes.ts'
import { isFunction, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { resolveCall } from './call.ts'
import { CalleeEnvironment } from './callee-environment.ts'
import { type Environment, type Known, known, type Made, type Moment, unknown } from './environment.ts'
import { classOf, type FunctionCatalogue } from './function-catalogue.ts'

/**
 * V4 for an object that the function made for itself, `const own = new Mutex(buffer, 2)`, and that optimised code has
 * dropped: its fields are what the constructor set them to, as long as what that was given is still the same.
 */
export async function madeBy(
  environment: Environment,
  expression: Node,
  moment: Moment,
  catalogue: FunctionCatalogue,
  asker: Asker,
): Promise<Made | undefined> {
  const { syntax } = environment
  const node = unwrapped(expression)
  if (node.type !== 'Identifier') return undefined
  const declaration = declarationOf(syntax, node.name, node)
  if (!declaration?.initialiser || declaration.path !== undefined || declaration.kind === 'parameter')
    return undefined
  const call = unwrapped(declaration.initialiser)
  if (call.type !== 'NewExpression' || !isConstant(syntax, declaration)) return undefined
  if (syntax.ownerOf(declaration.node) !== environment.owner) return undefined
  const made = await resolveCall(environment, call, { ...moment, from: call }, catalogue, asker)
  if (!made || made === 'unreadable' || made.doubt !== undefined) return undefined
  const { origin, closure } = made
  const maker = new CalleeEnvironment({ ...origin, ...made, constructs: true }, asker)
  return {
    member: async name => {
      if (isSetElsewhere(origin.syntax, origin.owner, name))
        return unknown('stale', `\`${name}\` is set anew`)
      const field = await maker.constructedField(name)
      if (field) return field
      const type = known((await closure).answer)
      if (type?.kind !== 'function' || name.startsWith('#')) return unknown('no such name', name)
      return { answer: await asker.on([type.ref], `self.prototype.${name}`) } satisfies Known
    },
  }
}

/** Whether a field is assigned to outside of the constructor, or there more than once. */
function isSetElsewhere(syntax: Environment['syntax'], maker: Node, name: string): boolean {
  let sets = 0
  for (const node of walk(classOf(syntax, maker) ?? syntax.root)) {
    const target =
      node.type === 'AssignmentExpression'
        ? node.left
        : node.type === 'UpdateExpression'
          ? node.argument
          : undefined
    if (target?.type !== 'MemberExpression' || syntax.textOf(target.property) !== name) continue
    const owner = syntax.ownerOf(node)
    if (owner !== maker || !isFunction(owner)) return true
    sets += 1
  }
  return sets > 1
}
