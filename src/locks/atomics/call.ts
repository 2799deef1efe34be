import type { Value } from '../../snapshot/question.ts'
import { declarationOf } from '../../sources/scopes.ts'
import { type CallNode, isFunction, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { type Environment, isLost, type Known, known, type Moment, unknown } from './environment.ts'
import { classOf, type FunctionCatalogue, type Origin } from './function-catalogue.ts'
import { madeBy } from './made.ts'
import { returnedBy } from './returned.ts'

/** A call of the program, resolved to the function that ran and what it was given. */
export interface ResolvedCall {
  readonly origin: Origin
  readonly closure: Promise<Known>
  readonly receiver: Promise<Known>
  readonly arguments: readonly Promise<Known>[]
  readonly constructs: boolean
  readonly doubt?: string
}

const nothing: Promise<Known> = Promise.resolve({ answer: { known: { kind: 'undefined' } } })

/**
 * Rules N: what a call calls is asked of the process, never guessed from a name. `undefined`: a builtin or nothing;
 * `unreadable`: it could not be asked.
 */
export async function resolveCall(
  environment: Environment,
  call: CallNode,
  moment: Moment,
  catalogue: FunctionCatalogue,
  asker: Asker,
): Promise<ResolvedCall | 'unreadable' | undefined> {
  const syntax = environment.syntax
  let callee = unwrapped(call.callee as Node)
  if (callee.type === 'SequenceExpression')
    callee = unwrapped(callee.expressions[callee.expressions.length - 1] as Node)
  const given = (call.arguments as Node[]).slice(0, 6).map(argument => argumentOf(argument))
  const constructs = call.type === 'NewExpression'

  if (callee.type === 'MemberExpression' && callee.object.type === 'Super' && !callee.computed) {
    // N1: the class that owns the running method, its parent's method, and `this` as it is.
    const method = await environment.evaluateSuper(syntax.textOf(callee.property))
    return applied(method, environment.receiver(), given)
  }
  if (callee.type === 'MemberExpression') {
    const receiver = readingFor(callee.object as Node)
    if (!('activation' in environment)) void foreseen(receiver, asker)
    const indirect = !callee.computed && ['call', 'apply'].includes(syntax.textOf(callee.property))
    let called = await environment.evaluate(callee, moment)
    if (isLost(called.answer) && !callee.computed)
      called = (await memberOf(await receiver, syntax.textOf(callee.property))) ?? called
    const value = known(called.answer)
    // An element past the end of a list: that iteration never was.
    if (moment.iteration && known((await receiver).answer)?.kind === 'undefined') return undefined
    if (indirect && value?.kind === 'function' && /^function (call|apply)\(\)/.test(value.source))
      return value.source.startsWith('function call')
        ? applied(await receiver, given[0] ?? nothing, given.slice(1))
        : applied(await receiver, given[0] ?? nothing, [])
    if (!value && callee.property.type === 'PrivateIdentifier') {
      const own = privateMethod(environment, callee.property.name)
      if (own)
        return { origin: own, closure: environment.closure, receiver, arguments: given, constructs: false }
    }
    return applied(called, receiver, given)
  }
  return applied(await environment.evaluate(callee, moment), nothing, given)

  async function applied(
    called: Known,
    receiver: Promise<Known>,
    values: readonly Promise<Known>[],
  ): Promise<ResolvedCall | 'unreadable' | undefined> {
    const value = known(called.answer)
    if (!value) return 'unreadable'
    if (value.kind !== 'function') return value.kind === 'undefined' ? 'unreadable' : undefined
    if (value.source === 'function () { [native code] }') return bound(value, values, called.doubt)
    const origin = catalogue.find(value.source)
    if (!origin) return undefined
    return {
      origin,
      closure: Promise.resolve(called),
      receiver,
      arguments: values,
      constructs: constructs || value.source.startsWith('class'),
      ...(called.doubt !== undefined && { doubt: called.doubt }),
    }
  }

  /** A value, or what a lost object was made of. */
  async function readingFor(node: Node): Promise<Known> {
    const pending = madeBy(environment, node, moment, catalogue, asker)
    const value = await environment.evaluate(node, moment)
    if (value.made || !isLost(value.answer)) return value
    const made = await pending
    if (made) return { ...value, made }
    // A function that makes a lock on demand may not be called, but what it has made can be found.
    const maker = 'unknown' in value.answer && value.answer.unknown === 'side effect' && callBehind(node)
    return maker ? ((await returnedBy(environment, maker, moment, catalogue, asker)) ?? value) : value
  }

  /** The call that an expression is, or that a constant is set to. */
  function callBehind(node: Node): CallNode | undefined {
    const inner = unwrapped(node)
    if (inner.type === 'CallExpression') return inner
    const declaration = inner.type === 'Identifier' ? declarationOf(syntax, inner.name, inner) : undefined
    if (declaration?.kind !== 'const' || !declaration.initialiser || declaration.path !== undefined)
      return undefined
    const made = unwrapped(declaration.initialiser)
    return made.type === 'CallExpression' ? made : undefined
  }

  async function memberOf(of: Known, name: string): Promise<Known | undefined> {
    if (of.made) return of.made.member(name)
    const value = known(of.answer)
    if (value?.kind !== 'object') return undefined
    const answer = await asker.on([value.ref], `self.${name}`)
    return of.doubt === undefined ? { answer } : { answer, doubt: of.doubt }
  }

  /** Functions and objects built in place name no lock: they are not asked for. */
  function argumentOf(argument: Node): Promise<Known> {
    const node = unwrapped(argument)
    if (isFunction(node) || ['ObjectExpression', 'TemplateLiteral', 'ArrayExpression'].includes(node.type))
      return Promise.resolve(unknown('cannot be read here'))
    return readingFor(node)
  }

  async function bound(value: Value, values: readonly Promise<Known>[], doubt: string | undefined) {
    if (value.kind !== 'function') return undefined
    const place = known(await asker.place(value.ref))
    if (place?.bound?.target.kind !== 'function') return undefined
    const origin = catalogue.find(place.bound.target.source)
    if (!origin) return undefined
    const { target, receiver, arguments: first } = place.bound
    const fixed = (one: Value): Promise<Known> => Promise.resolve({ answer: { known: one } })
    return {
      origin,
      closure: fixed(target),
      receiver: fixed(receiver),
      arguments: [...first.map(fixed), ...values],
      constructs: false,
      ...(doubt !== undefined && { doubt }),
    }
  }
}

/**
 * A lock that is reached through another object is asked for its fields while its method is still being found: not a
 * plain object, which may be a library with thousands of functions.
 */
async function foreseen(receiver: Promise<Known>, asker: Asker): Promise<void> {
  const value = known((await receiver).answer)
  const isInstance =
    value?.kind === 'object' && value.subtype === undefined && !/^(Object|Module)$/.test(value.className)
  if (isInstance) await asker.members(value.ref)
}

/** A private method cannot be read off an object everywhere, but the class's own text has it. */
function privateMethod(environment: Environment, name: string): Origin | undefined {
  const holder = classOf(environment.syntax, environment.owner)
  if (holder?.type !== 'ClassDeclaration' && holder?.type !== 'ClassExpression') return undefined
  for (const member of holder.body.body)
    if (
      member.type === 'MethodDefinition' &&
      member.key.type === 'PrivateIdentifier' &&
      member.key.name === name
    )
      return { syntax: environment.syntax, owner: member.value as Node, ambiguous: false }
  return undefined
}
