import { type Declaration, declarationOf, isConstant } from '../../sources/scopes.ts'
import { type CallNode, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { CalleeEnvironment } from './callee-environment.ts'
import { type Known, known, unknown } from './environment.ts'
import { FrameEnvironment } from './frame-environment.ts'
import { namesOf } from './function-catalogue.ts'
import { callerOf } from './names.ts'
import type { PlacedFrame } from './prepared.ts'

/**
 * The frame `stack[at]` as a giver of values; `position`: where it stands, if not where the frame says. A parameter that
 * optimised code has dropped is read as the argument of the caller, whose frame may still have it (rule V4).
 */
export function frameAt(
  stack: readonly PlacedFrame[],
  at: number,
  asker: Asker,
  position?: Node,
): FrameEnvironment {
  const { syntax, owner, activation, position: own } = stack[at]!
  return new FrameEnvironment(syntax, owner, activation, position ?? own, asker, expression =>
    asArgument(stack, at, expression, asker),
  )
}

async function asArgument(
  stack: readonly PlacedFrame[],
  at: number,
  expression: Node,
  asker: Asker,
): Promise<Known | undefined> {
  const frame = stack[at]!
  const { syntax, owner } = frame
  const caller = callerOf(stack, at)
  if (!caller || !calls(caller, frame)) return undefined
  const environment = frameAt(stack, at + 1, asker)
  const parameters = new Map<Node, Promise<Known>>()
  for (const node of walk(expression)) {
    const declaration = node.type === 'Identifier' ? declarationOf(syntax, node.name, node) : undefined
    if (declaration?.kind !== 'parameter' || declaration.scope !== owner) continue
    if (!isConstant(syntax, declaration)) return undefined
    parameters.set(declaration.identifier, given(environment, caller.call!, declaration, asker))
  }
  if (parameters.size === 0) return undefined
  const callee = new CalleeEnvironment(
    { syntax, owner, closure: lost, receiver: lost, arguments: [], parameters, constructs: false },
    asker,
  )
  return callee.evaluate(expression, { from: frame.position })
}

const lost: Promise<Known> = Promise.resolve(unknown('cannot be read here'))

/** Whether the caller's call is this very function by its name: a builtin in between passes on other things. */
function calls(caller: PlacedFrame, frame: PlacedFrame): boolean {
  const callee = unwrapped(caller.call!.callee as Node)
  const name =
    callee.type === 'MemberExpression' && !callee.computed
      ? caller.syntax.textOf(callee.property)
      : callee.type === 'Identifier'
        ? callee.name
        : undefined
  return name !== undefined && namesOf(frame.syntax, frame.owner).includes(name)
}

/** What the call gives for a parameter: `f({ lock: a })` gives `a` to `function f({ lock })`. */
async function given(
  caller: FrameEnvironment,
  call: CallNode,
  { path = '0' }: Declaration,
  asker: Asker,
): Promise<Known> {
  const [, position, rest = ''] = /^(\d+)(.*)$/.exec(path)!
  const before = call.arguments.slice(0, Number(position) + 1)
  const argument = before[Number(position)] as Node | undefined
  if (!argument || rest.includes('…') || before.some(node => node.type === 'SpreadElement')) return lost
  const written = rest === '' ? undefined : writtenAs(unwrapped(argument), rest)
  const value = await caller.evaluate(written ?? argument, { from: call })
  const object = known(value.answer)
  if (written || rest === '' || object?.kind !== 'object') return value
  return { ...value, answer: await asker.on([object.ref], `self${rest}`) }
}

/** The value that an object literal writes down for a path of one name. */
function writtenAs(node: Node, path: string): Node | undefined {
  if (node.type !== 'ObjectExpression') return undefined
  const name = /^\.([\w$]+)$/.exec(path)?.[1]
  const plain = node.properties.every(
    property => property.type === 'Property' && !property.computed && property.kind === 'init',
  )
  if (!plain || name === undefined) return undefined
  for (const property of node.properties)
    if (property.type === 'Property' && property.key.type === 'Identifier' && property.key.name === name)
      return property.value as Node
  return undefined
}
