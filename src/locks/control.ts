import type { Via } from '../snapshot/model.ts'
import type { Activation, ValueSource } from '../snapshot/question.ts'
import { type Declaration, declarationOf, isConstant } from '../sources/scopes.ts'
import type { Syntax } from '../sources/syntax.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'
import { type CallNode, isCall, isFunction, type Node, unwrapped, walk } from '../sources/syntax-tree.ts'
import { calledName, classOf, namesOf } from './atomics/function-catalogue.ts'
import { nodeVia } from './node-callers.ts'

interface Place {
  readonly activation: Activation
  readonly syntax: Syntax
  readonly owner: Node
  readonly node: Node
  readonly call: CallNode | undefined
  readonly exact: boolean
}

const traps = new Set(
  'get set has deleteProperty apply construct ownKeys getOwnPropertyDescriptor defineProperty getPrototypeOf setPrototypeOf isExtensible preventExtensions'.split(
    ' ',
  ),
)

/**
 * How control came to each frame that no plain call in the program's text called: an event, a getter, a conversion, a
 * trap, an iterator, a handler, a callback. Keys are frame indices; frames that were simply called are not in it.
 */
export async function controlOf(
  stack: readonly Activation[],
  syntax: SyntaxStore,
  values?: ValueSource,
): Promise<ReadonlyMap<number, Via>> {
  const vias = new Map<number, Via>()
  const program = stack.flatMap((activation, at) =>
    activation.frame.owner === 'node' || activation.frame.kind !== 'js' ? [] : [{ activation, at }],
  )
  await Promise.all(
    program.map(async ({ activation, at }, order) => {
      const outer = program[order + 1]
      const between = stack.slice(at + 1, outer?.at ?? stack.length)
      const callee = place(activation, syntax)
      const caller = outer && place(outer.activation, syntax)
      const via =
        (callee && registered(callee)) ??
        (between.some(one => one.frame.owner === 'node')
          ? await nodeVia(between, caller, values)
          : callee && caller && between.length === 0
            ? programVia(callee, caller)
            : undefined)
      if (via) vias.set(activation.index, via)
    }),
  )
  return vias
}

/** What the caller's text at its position and the kind of the callee say together. */
function programVia(callee: Place, caller: Place): Via | undefined {
  const names = namesOf(callee.syntax, callee.owner)
  const [written = callee.activation.functionName] = names
  const name = written.startsWith('Symbol.') ? `[${written}]` : written
  const definition = callee.syntax.parentOf(callee.owner)
  const kind =
    definition?.type === 'MethodDefinition' || definition?.type === 'Property' ? definition.kind : undefined
  const holder = callee.activation.frame.class
  const of = typeof holder === 'string' && holder ? ` of ${holder}` : ''
  if (kind === 'get') return via('getter', `getter '${name}'${of}`)
  if (kind === 'set') return via('setter', `setter '${name}'${of}`)
  const called = caller.exact && caller.call ? calledName(caller.syntax, caller.call) : undefined
  if (called !== undefined && (names.includes(called) || caller.call?.type === 'NewExpression'))
    return undefined
  return (
    conversion(name, of, caller, called) ??
    trap(callee, name) ??
    iteration(callee, name, of, caller) ??
    callback(callee, caller, called)
  )
}

/** `toString` and its kin, run by a template, an operator or a builtin. */
function conversion(name: string, of: string, caller: Place, called: string | undefined): Via | undefined {
  if (name === 'toJSON') return via('conversion', `toJSON${of}, called by ${called ?? 'JSON.stringify'}`)
  if (/\bSymbol\.hasInstance\b/.test(name))
    return via('conversion', `Symbol.hasInstance${of}, run by \`instanceof\``)
  if (!/^(toString|valueOf|\[?Symbol\.toPrimitive\]?)$/.test(name)) return undefined
  for (const node of caller.syntax.ancestors(caller.node)) {
    if (node.type === 'TemplateLiteral') return via('conversion', `${name}${of}, run by a template`)
    if (node.type === 'BinaryExpression')
      return via('conversion', `${name}${of}, run by \`${node.operator}\``)
    if (node.type === 'AssignmentExpression' && node.operator !== '=')
      return via('conversion', `${name}${of}, run by \`${node.operator}\``)
    if (node.type === 'UnaryExpression') return via('conversion', `${name}${of}, run by \`${node.operator}\``)
    if (isCall(node) || isFunction(node)) break
  }
  return via('conversion', `${name}${of}${called === undefined ? '' : `, run by ${called}()`}`)
}

/** A function that is a member of what the source gives to a `new Proxy` as its handler. */
function trap({ syntax, owner }: Place, name: string): Via | undefined {
  if (!traps.has(name)) return undefined
  const member = syntax.parentOf(owner)
  const home =
    member?.type === 'MethodDefinition' ? classOf(syntax, owner) : member && syntax.parentOf(member)
  const isMember = member?.type === 'MethodDefinition' || home?.type === 'ObjectExpression'
  if (!member || !home || !isMember) return undefined
  const isStatic = member.type === 'MethodDefinition' && member.static
  for (const node of walk(syntax.root)) {
    const handler = isCall(node) && makesProxy(syntax, node) ? (node.arguments[1] as Node) : undefined
    if (handler && isOrMakes(syntax, handler, home, isStatic))
      return via('proxy trap', `trap '${name}' of a Proxy`)
  }
  return undefined
}

/** `new Proxy(…)`, `Proxy.revocable(…)`, of the engine's own `Proxy`. */
function makesProxy(syntax: Syntax, call: CallNode): boolean {
  const text = call.type === 'NewExpression' ? 'Proxy' : 'Proxy.revocable'
  return syntax.textOf(call.callee as Node) === text && !declarationOf(syntax, 'Proxy', call)
}

/** Whether an expression gives `home` itself, or for a class an instance of it or of what extends it. */
function isOrMakes(syntax: Syntax, expression: Node, home: Node, itself: boolean, most = 8): boolean {
  const node = unwrapped(expression)
  const isClass = home.type !== 'ObjectExpression'
  if (node === home) return !isClass || itself
  if (most === 0) return false
  if (node.type === 'Identifier') {
    const declaration = declarationOf(syntax, node.name, node)
    const value = declaration && declaredValue(declaration)
    if (value && value !== node) return isOrMakes(syntax, value, home, itself, most - 1)
    return false
  }
  if (node.type === 'NewExpression' && isClass && !itself)
    return isOrMakes(syntax, node.callee as Node, home, true, most - 1)
  const isChild = node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
  return isChild && itself && node.superClass
    ? isOrMakes(syntax, node.superClass as Node, home, true, most - 1)
    : false
}

/** What a name stands for from its declaration on: a class, or what it is first set to. */
function declaredValue({ kind, node, initialiser, path }: Declaration): Node | undefined {
  return kind === 'class' ? node : path === undefined ? initialiser : undefined
}

/** `for … of`, spread and destructuring call `next` and `Symbol.iterator` by themselves. */
function iteration(callee: Place, name: string, of: string, caller: Place): Via | undefined {
  const generator = isFunction(callee.owner) && callee.owner.generator
  const iterates = /^(next|return|\[?Symbol\.(async)?[iI]terator\]?)$/.test(name)
  if (!generator && !iterates) return undefined
  const what = generator ? `generator '${name}'${of}` : `${name}${of}`
  for (const node of caller.syntax.ancestors(caller.node)) {
    if (node.type === 'ForOfStatement') return via('iterator', `${what}, run by \`for … of\``)
    if (node.type === 'SpreadElement') return via('iterator', `${what}, run by \`...\``)
    if (node.type === 'YieldExpression') return via('iterator', `${what}, run by \`yield*\``)
    if (node.type === 'ArrayPattern') return via('iterator', `${what}, run by a destructuring`)
    if (isFunction(node)) break
  }
  return caller.call && generator ? undefined : via('iterator', what)
}

/** A function given to a builtin that calls it: `items.forEach(fn)`, `text.replace(pattern, fn)`. */
function callback(callee: Place, caller: Place, called: string | undefined): Via | undefined {
  if (!caller.exact || !caller.call || called === undefined) return undefined
  const given = (caller.call.arguments as Node[]).some(argument => {
    const node = unwrapped(argument)
    if (node === callee.owner) return true
    if (node.type === 'Identifier') return namesOf(callee.syntax, callee.owner).includes(node.name)
    return (
      node.type === 'MemberExpression' &&
      namesOf(callee.syntax, callee.owner).includes(caller.syntax.textOf(node.property))
    )
  })
  return given ? via('callback', `callback of ${called}()`) : undefined
}

/** Functions that the program registered where only the engine calls them. */
function registered(callee: Place): Via | undefined {
  const { syntax, owner } = callee
  const parent = syntax.parentOf(owner)
  if (parent?.type === 'NewExpression' && parent.callee.type === 'Identifier')
    if (parent.callee.name === 'FinalizationRegistry')
      return via('finaliser', 'callback of a FinalizationRegistry: an object was collected')
  if (
    parent?.type === 'AssignmentExpression' &&
    /\bError\.prepareStackTrace$/.test(syntax.textOf(parent.left))
  )
    return via('stack trace', 'Error.prepareStackTrace, run to build a `stack`')
  if (!isFunction(owner) || !('id' in owner) || !owner.id) return undefined
  // A named function, registered by its name somewhere in the same text.
  const { name } = owner.id
  const declaration = declarationOf(syntax, name, owner)
  if (!declaration || !isConstant(syntax, declaration)) return undefined
  const escaped = name.replaceAll('$', '\\$')
  if (new RegExp(`new FinalizationRegistry\\(\\s*${escaped}\\s*\\)`).test(syntax.text))
    return via('finaliser', 'callback of a FinalizationRegistry: an object was collected')
  if (new RegExp(`Error\\.prepareStackTrace\\s*=\\s*${escaped}\\b`).test(syntax.text))
    return via('stack trace', 'Error.prepareStackTrace, run to build a `stack`')
  return undefined
}

function via(kind: string, text: string): Via {
  return { kind, text, how: 'inferred' }
}

function place(activation: Activation, store: SyntaxStore): Place | undefined {
  const start = 'unknown' in activation.functionStart ? undefined : activation.functionStart
  const syntax = store.around(activation.script, start)
  if ('unknown' in syntax) return undefined
  const offset = syntax.lines.offsetAt(activation.line, activation.column)
  if (offset === undefined) return undefined
  const startOffset = start && syntax.lines.offsetAt(start.line, start.column)
  const owner =
    startOffset === undefined ? syntax.functionAt(offset) : syntax.functionStartingAt(startOffset, offset)
  return { activation, syntax, owner, ...syntax.callAt(offset), node: syntax.nodeAt(offset) }
}
