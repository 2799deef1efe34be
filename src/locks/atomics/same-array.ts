import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isFunction, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import { calledName, namesOf } from './function-catalogue.ts'
import { stepsOf } from './steps.ts'
import { rootOf } from './through-call.ts'

interface Place {
  readonly syntax: Syntax
  readonly owner: Node
}

/** How many functions a lock's array is followed through to where it is named. */
const depthLimit = 4

/**
 * Whether a write of `array` can be about the words that an acquiring function takes: not when it is about an array of
 * the module, and the acquiring function is only ever given others.
 */
export function concerns(functions: readonly Place[], taking: Place, syntax: Syntax, array: Node): boolean {
  const written = moduleArray(syntax, array)
  if (!written) return true
  const step = stepsOf(taking.syntax, taking.owner).steps.find(one => one.kind !== 'call')
  if (!step) return true
  const arrays = arraysOf(functions, taking, step.array, depthLimit)
  return arrays === 'any' || arrays.has(written)
}

/** The identifier that declares it, where an array is a constant of a module. */
function moduleArray(syntax: Syntax, array: Node): Node | undefined {
  const root = rootOf(array)
  if (root.type !== 'Identifier' || root !== unwrapped(array)) return undefined
  const declaration = declarationOf(syntax, root.name, root)
  return declaration?.kind === 'const' && !isFunction(syntax.ownerOf(declaration.node))
    ? declaration.identifier
    : undefined
}

/** The module's arrays that an expression of a function can be, through its parameters and whoever calls it. */
function arraysOf(
  functions: readonly Place[],
  { syntax }: Place,
  array: Node,
  depth: number,
): ReadonlySet<Node> | 'any' {
  const own = moduleArray(syntax, array)
  if (own) return new Set([own])
  const root = unwrapped(array)
  if (root.type !== 'Identifier' || depth === 0) return 'any'
  const declaration = declarationOf(syntax, root.name, root)
  const position = declaration?.path ?? '0'
  if (declaration?.kind !== 'parameter' || !/^\d+$/.test(position)) return 'any'
  // The function's own, or one that it closes over.
  const names = new Set(namesOf(syntax, declaration.scope))
  if (names.size === 0) return 'any'
  const found = new Set<Node>()
  for (const place of functions)
    for (const step of stepsOf(place.syntax, place.owner).steps) {
      if (step.kind !== 'call' || !names.has(calledName(place.syntax, step.call) ?? '')) continue
      const given = givenTo(step.call, Number(position))
      const arrays = given ? arraysOf(functions, place, given, depth - 1) : 'any'
      if (arrays === 'any') return 'any'
      for (const one of arrays) found.add(one)
    }
  return found.size === 0 ? 'any' : found
}

function givenTo(call: CallNode, position: number): Node | undefined {
  const given = call.arguments.slice(0, position + 1)
  return given.some(one => one.type === 'SpreadElement') ? undefined : (given[position] as Node | undefined)
}
