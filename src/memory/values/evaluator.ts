/**
 * Works out expressions over the memory of a process, as far as that needs no more than reading: nothing of the program runs. What
 * would change something, or asks for more than is known, has no value.
 */
import type { Syntax } from '../../sources/syntax.ts'
import type { FunctionNode, Node } from '../../sources/syntax-tree.ts'
import type { Objects } from '../v8/objects.ts'
import { textOfFunction } from './function-text.ts'
import { Members } from './members.ts'
import { binary, unary } from './operators.ts'
import { isTrue, type Names, nothing, ofPrimitive, primitive, type Runtime, Unreadable } from './runtime.ts'
import { Scope } from './scope.ts'
import { newView } from './views.ts'

/** The code of a function of the program, and what the names in it mean. */
export interface Called {
  readonly syntax: Syntax
  /** A function; a class's is its constructor. */
  readonly owner: FunctionNode
  readonly names: Names
}

const MOST_STEPS = 20_000
const DEEPEST = 24

export class Evaluator {
  readonly #objects: Objects
  readonly #codeOf: (closure: number) => Called | undefined
  readonly #members: Members
  #steps = 0
  #depth = 0

  /** `codeOf`: undefined for builtins. */
  constructor(objects: Objects, codeOf: (closure: number) => Called | undefined) {
    this.#objects = objects
    this.#codeOf = codeOf
    this.#members = new Members(objects, (callee, receiver, given) => this.#call(callee, receiver, given))
  }

  /** Throws `Unreadable`. */
  evaluate(syntax: Syntax, node: Node, names: Names): Runtime {
    this.#steps = 0
    this.#depth = 0
    return this.#value(node, new Scope(syntax, names))
  }

  #value(node: Node, scope: Scope): Runtime {
    if (++this.#steps > MOST_STEPS) throw new Unreadable('deadline', 'it takes too long')
    switch (node.type) {
      case 'ParenthesizedExpression':
      case 'ChainExpression':
        return this.#value(node.expression as Node, scope)
      case 'Literal':
        if ('regex' in node && node.regex) break
        return ofPrimitive(node.value)
      case 'TemplateLiteral':
        return ofPrimitive(
          node.quasis
            .map((part, at) => {
              const inner = node.expressions[at]
              return `${part.value.cooked}${inner ? String(primitive(this.#value(inner as Node, scope))) : ''}`
            })
            .join(''),
        )
      case 'Identifier':
        return scope.lookup(node.name)
      case 'ThisExpression':
        return scope.receiver()
      case 'MemberExpression':
        return this.#reference(node, scope).value()
      case 'SequenceExpression':
        return node.expressions.map(one => this.#value(one as Node, scope)).at(-1)!
      case 'ConditionalExpression':
        return this.#value(
          (isTrue(this.#value(node.test as Node, scope)) ? node.consequent : node.alternate) as Node,
          scope,
        )
      case 'LogicalExpression': {
        const left = this.#value(node.left as Node, scope)
        const isMissing = left.kind === 'undefined' || left.kind === 'null'
        const ends =
          node.operator === '&&' ? !isTrue(left) : node.operator === '||' ? isTrue(left) : !isMissing
        return ends ? left : this.#value(node.right as Node, scope)
      }
      case 'UnaryExpression':
        return unary(node.operator, this.#value(node.argument as Node, scope), this.#objects)
      case 'BinaryExpression':
        if (node.left.type === 'PrivateIdentifier') break
        return binary(
          node.operator,
          this.#value(node.left as Node, scope),
          this.#value(node.right as Node, scope),
        )
      case 'ArrayExpression':
        return { kind: 'list', items: this.#list(node.elements as readonly (Node | null)[], scope) }
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
        return { kind: 'lambda', node, syntax: scope.syntax, names: scope }
      case 'CallExpression':
        return this.#calling(node, scope)
      case 'NewExpression':
        return newView(
          this.#objects,
          typeNamed(this.#value(node.callee as Node, scope)),
          this.#list(node.arguments as Node[], scope),
        )
    }
    throw new Unreadable('side effect', `a ${node.type}`)
  }

  #list(nodes: readonly (Node | null)[], scope: Scope): readonly Runtime[] {
    return nodes.flatMap(node => {
      if (node === null) return [nothing]
      if (node.type !== 'SpreadElement') return [this.#value(node, scope)]
      return [...this.#members.items(this.#value(node.argument as Node, scope))]
    })
  }

  /** What a member expression is of, and its value. */
  #reference(node: Extract<Node, { type: 'MemberExpression' }>, scope: Scope) {
    if (node.object.type === 'Super') throw new Unreadable('cannot be read here', 'super')
    const object = this.#value(node.object as Node, scope)
    const value = () => {
      if (node.optional && (object.kind === 'undefined' || object.kind === 'null')) return nothing
      const { property } = node
      if (property.type === 'PrivateIdentifier') return this.#private(object, property.name)
      if (!node.computed) return this.#members.get(object, scope.syntax.textOf(property))
      const key = this.#value(property as Node, scope)
      if (key.kind === 'symbol') throw new Unreadable('cannot be read here', 'a symbol')
      return this.#members.get(object, String(primitive(key)))
    }
    return { object, value }
  }

  #private(object: Runtime, name: string): Runtime {
    const found = object.kind === 'object' ? this.#objects.own(object.at, `#${name}`) : undefined
    if (found?.kind !== 'value') throw new Unreadable('cannot be read here', `#${name}`)
    return found.value
  }

  #calling(node: Extract<Node, { type: 'CallExpression' }>, scope: Scope): Runtime {
    let callee = node.callee as Node
    while (callee.type === 'ParenthesizedExpression' || callee.type === 'ChainExpression')
      callee = callee.expression as Node
    if (callee.type === 'Super') throw new Unreadable('side effect', 'super')
    const reference = callee.type === 'MemberExpression' ? this.#reference(callee, scope) : undefined
    const called = reference ? reference.value() : this.#value(callee, scope)
    if (node.optional && (called.kind === 'undefined' || called.kind === 'null')) return nothing
    const given = this.#list(node.arguments as Node[], scope)
    return this.#call(called, reference?.object ?? nothing, given)
  }

  #call(callee: Runtime, receiver: Runtime, given: readonly Runtime[]): Runtime {
    if (callee.kind === 'builtin') return this.#builtin(callee.path, receiver, given)
    if (callee.kind === 'lambda') return this.#run(callee.node, callee.syntax, callee.names, undefined, given)
    if (callee.kind !== 'object' || this.#objects.sort(callee.at) !== 'function')
      throw new Unreadable('side effect', 'a call of what cannot be read')
    const code = this.#codeOf(callee.at)
    if (code !== undefined) return this.#run(code.owner, code.syntax, code.names, receiver, given)
    if (this.#objects.code(callee.at) !== undefined)
      throw new Unreadable('cannot be read here', 'the source of a function')
    return this.#builtin(this.#objects.functionName(callee.at), receiver, given)
  }

  /** `f.call(receiver, …)`, and `Function.prototype.toString.call(f)`. */
  #builtin(path: string, receiver: Runtime, given: readonly Runtime[]): Runtime {
    const isIndirect = (path === 'call' || path.endsWith('.call')) && given.length > 0
    if (!isIndirect) return this.#members.builtin(path, receiver, given)
    const [first = nothing, ...rest] = given
    if (receiver.kind !== 'builtin') return this.#call(receiver, first, rest)
    if (receiver.path.endsWith('prototype.toString') && first.kind === 'object') {
      const code = this.#codeOf(first.at)
      return ofPrimitive(code === undefined ? '' : textOfFunction(code.syntax, code.owner))
    }
    return this.#members.builtin(receiver.path, first, rest)
  }

  /** A function's own code, as long as it only reads. */
  #run(
    node: FunctionNode,
    syntax: Syntax,
    outer: Names,
    receiver: Runtime | undefined,
    given: readonly Runtime[],
  ): Runtime {
    if (node.async || node.generator) throw new Unreadable('side effect', 'an async function or a generator')
    if (++this.#depth > DEEPEST) throw new Unreadable('deadline', 'it calls too deep')
    const isArrow = node.type === 'ArrowFunctionExpression'
    const scope = new Scope(syntax, outer, isArrow ? undefined : (receiver ?? nothing))
    for (const [index, parameter] of node.params.entries()) {
      const value = given[index] ?? nothing
      if (parameter.type === 'Identifier') scope.declare(parameter.name, value)
      else if (parameter.type === 'AssignmentPattern' && parameter.left.type === 'Identifier')
        scope.declare(
          parameter.left.name,
          value.kind === 'undefined' ? this.#value(parameter.right as Node, scope) : value,
        )
      else throw new Unreadable('cannot be read here', 'a parameter that is taken apart')
    }
    const body = node.body as Node
    const value =
      body.type === 'BlockStatement'
        ? (this.#statements(body.body as Node[], scope) ?? nothing)
        : this.#value(body, scope)
    this.#depth -= 1
    return value
  }

  /** What is returned; undefined when the end is reached. */
  #statements(nodes: readonly Node[], scope: Scope): Runtime | undefined {
    for (const node of nodes) {
      const value = this.#statement(node, scope)
      if (value !== undefined) return value
    }
    return undefined
  }

  #statement(node: Node, scope: Scope): Runtime | undefined {
    switch (node.type) {
      case 'ReturnStatement':
        return node.argument ? this.#value(node.argument as Node, scope) : nothing
      case 'IfStatement': {
        const branch = isTrue(this.#value(node.test as Node, scope)) ? node.consequent : node.alternate
        return branch ? this.#statement(branch as Node, scope) : undefined
      }
      case 'BlockStatement':
        return this.#statements(node.body as Node[], new Scope(scope.syntax, scope))
      case 'VariableDeclaration':
        for (const { id, init } of node.declarations) {
          if (id.type !== 'Identifier')
            throw new Unreadable('cannot be read here', 'a variable that is taken apart')
          scope.declare(id.name, init ? this.#value(init as Node, scope) : nothing)
        }
        return undefined
      case 'ForStatement':
        return this.#loop(node, new Scope(scope.syntax, scope))
      case 'EmptyStatement':
        return undefined
      default:
        throw new Unreadable('side effect', `a ${node.type}`)
    }
  }

  /** A loop that goes on by giving its own function's variables other values. */
  #loop(
    { init, test, update, body }: Extract<Node, { type: 'ForStatement' }>,
    scope: Scope,
  ): Runtime | undefined {
    if (init) {
      if (init.type === 'VariableDeclaration') this.#statement(init as Node, scope)
      else throw new Unreadable('side effect', 'an assignment')
    }
    for (;;) {
      if (test && !isTrue(this.#value(test as Node, scope))) return undefined
      const value = this.#statement(body as Node, scope)
      if (value !== undefined) return value
      if (
        update?.type === 'AssignmentExpression' &&
        update.operator === '=' &&
        update.left.type === 'Identifier'
      )
        scope.assign(update.left.name, this.#value(update.right as Node, scope))
      else if (update?.type === 'UpdateExpression' && update.argument.type === 'Identifier') {
        const by = update.operator === '++' ? 1 : -1
        scope.assign(
          update.argument.name,
          ofPrimitive(Number(primitive(scope.lookup(update.argument.name))) + by),
        )
      } else throw new Unreadable('side effect', 'a loop')
    }
  }
}

function typeNamed(callee: Runtime): string {
  return callee.kind === 'builtin' ? callee.path : ''
}
