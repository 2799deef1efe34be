/** What an expression in a suspended function stands for, as far as its variables can be found by name. */

import { scopesOutward } from '../../heap/await-graph.ts'
import type { Activation, HeapGraph, HeapNode, HeapValue } from '../../heap/graph.ts'
import { isFunction, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'
import { localRegister } from './local-registers.ts'
import { variablesIn } from './scopes.ts'
import { nameOfProperty } from './suspended-code.ts'

const mostScopes = 20

export class ActivationValues {
  readonly #heap: HeapGraph
  /** There may be hundreds of locks, and of each of them the same is asked. */
  readonly #known = new WeakMap<Activation, Map<Node, Map<string, HeapNode | undefined>>>()

  constructor(heap: HeapGraph) {
    this.#heap = heap
  }

  /**
   * The object that an expression stands for. Of registers whose name is not known the only one is taken that may be meant, by
   * having the method that is called on it, or by being a function.
   */
  of(activation: Activation, source: FunctionSource, expression: Node, method: string): HeapNode | undefined {
    return this.#once(activation, expression, `of ${method}`, () =>
      this.#meant(activation, source, expression, method),
    )
  }

  #once(
    activation: Activation,
    expression: Node,
    question: string,
    answer: () => HeapNode | undefined,
  ): HeapNode | undefined {
    const expressions = this.#known.get(activation) ?? new Map<Node, Map<string, HeapNode | undefined>>()
    this.#known.set(activation, expressions)
    const answers = expressions.get(expression) ?? new Map<string, HeapNode | undefined>()
    expressions.set(expression, answers)
    if (!answers.has(question)) answers.set(question, answer())
    return answers.get(question)
  }

  #meant(
    activation: Activation,
    source: FunctionSource,
    expression: Node,
    method: string,
  ): HeapNode | undefined {
    const node = unwrapped(expression)
    const value = this.#value(activation, source, node)
    if (value !== undefined) return value.kind === 'node' ? value.node : undefined
    if (node.type !== 'Identifier' || !isLocal(source, node.name)) return undefined
    const isMeant = (one: HeapNode) =>
      method === '' ? /function$/.test(this.#heap.kind(one)) : this.#heap.has(one, method)
    const local = this.#local(activation, source, node.name)
    if (local !== undefined && isMeant(local)) return local
    return this.#inRegisters(activation, isMeant)
  }

  /** The object that an expression stands for, whatever is done with it; registers only where their name is known. */
  thing(activation: Activation, source: FunctionSource, expression: Node): HeapNode | undefined {
    return this.#once(activation, expression, 'thing', () => this.#named(activation, source, expression))
  }

  #named(activation: Activation, source: FunctionSource, expression: Node): HeapNode | undefined {
    const node = unwrapped(expression)
    const value = this.#value(activation, source, node)
    if (value !== undefined) return value.kind === 'node' ? value.node : undefined
    if (node.type === 'Identifier' && isLocal(source, node.name))
      return this.#local(activation, source, node.name)
    return undefined
  }

  /** The object in a variable of the function itself; undefined where it has none, or where its place is not known. */
  local(activation: Activation, source: FunctionSource, name: string): HeapNode | undefined {
    if (!isLocal(source, name)) return undefined
    const scoped = this.#inScopes(activation, name)
    if (scoped !== undefined) return scoped.kind === 'node' ? scoped.node : undefined
    return this.#local(activation, source, name)
  }

  /** The functions that it has in variables of its own. */
  functions({ registers, context }: Activation): readonly HeapNode[] {
    const held = registers.flatMap(value => (value.kind === 'node' ? [value.node] : []))
    const scopes = [context, ...held.filter(node => this.#heap.kind(node) === 'context')]
    const captured = scopes.flatMap(scope =>
      scope === undefined
        ? []
        : this.#heap.edges(scope).flatMap(({ kind, node }) => (kind === 'variable' ? [node] : [])),
    )
    return [...held, ...captured].filter(node => this.#heap.kind(node) === 'function')
  }

  /** Whether the value of an expression is known at all. */
  isKnown(activation: Activation, source: FunctionSource, expression: Node): boolean {
    return this.#value(activation, source, unwrapped(expression)) !== undefined
  }

  /** A text or number that an expression stands for. */
  primitive(activation: Activation, source: FunctionSource, expression: Node): string | number | undefined {
    const node = unwrapped(expression)
    if (node.type === 'Literal')
      return typeof node.value === 'string' || typeof node.value === 'number' ? node.value : undefined
    const value = this.#value(activation, source, node)
    if (value?.kind === 'text' || value?.kind === 'number') return value.value
    return value?.kind === 'node' ? this.#heap.text(value.node) : undefined
  }

  /** Undefined: not known. */
  #value(activation: Activation, source: FunctionSource, node: Node): HeapValue | undefined {
    switch (node.type) {
      case 'ThisExpression':
        return this.#receiver(activation, source)
      case 'Identifier':
        return this.#variable(activation, source, node.name)
      case 'MemberExpression': {
        const name = nameOfProperty(node) ?? this.#computed(activation, source, node)
        const object = this.#value(activation, source, unwrapped(node.object as Node))
        if (name === undefined || object?.kind !== 'node') return undefined
        return this.#heap.value(object.node, name)
      }
      case 'SequenceExpression':
        return this.#value(activation, source, unwrapped(node.expressions.at(-1) as Node))
      default:
        return undefined
    }
  }

  #computed(
    activation: Activation,
    source: FunctionSource,
    node: Extract<Node, { type: 'MemberExpression' }>,
  ): string | undefined {
    if (!node.computed) return undefined
    const key = this.primitive(activation, source, node.property as Node)
    return key === undefined ? undefined : String(key)
  }

  /** An arrow's `this` is a variable of the scope around it. */
  #receiver(activation: Activation, { fn }: FunctionSource): HeapValue | undefined {
    if (isFunction(fn) && fn.type === 'ArrowFunctionExpression') return this.#inScopes(activation, 'this')
    const { receiver } = activation
    return receiver.kind === 'node' ? receiver : this.#inScopes(activation, 'this')
  }

  #variable(activation: Activation, { fn }: FunctionSource, name: string): HeapValue | undefined {
    const scoped = this.#inScopes(activation, name)
    if (scoped !== undefined) return scoped
    const at = isFunction(fn)
      ? (fn.params as Node[]).findIndex(parameter =>
          parameter.type === 'Identifier'
            ? parameter.name === name
            : parameter.type === 'AssignmentPattern' &&
              parameter.left.type === 'Identifier' &&
              parameter.left.name === name,
        )
      : -1
    return at >= 0 ? activation.registers[at] : undefined
  }

  /** A variable of its own in a register; its object only, since a register that is not used yet may hold anything. */
  #local(activation: Activation, source: FunctionSource, name: string): HeapNode | undefined {
    const at = localRegister(source, name)
    // A heap snapshot does not tell how many are parameters; where a register is known, they are plain ones.
    const { parameters } =
      this.#heap.source === 'memory' || !isFunction(source.fn)
        ? activation
        : { parameters: source.fn.params.length }
    const value = at === undefined ? undefined : activation.registers[parameters + at]
    return value?.kind === 'node' ? value.node : undefined
  }

  /** In the scopes that it runs in, the innermost first: those of its blocks are in registers. */
  #inScopes(activation: Activation, name: string): HeapValue | undefined {
    const blocks = activation.registers.flatMap(value =>
      value.kind === 'node' && this.#heap.kind(value.node) === 'context' ? [value.node] : [],
    )
    for (const start of [...blocks.reverse(), activation.context])
      for (const scope of scopesOutward(this.#heap, start, mostScopes)) {
        const found = variablesIn(this.#heap, scope).byName.get(name)
        if (found !== undefined) return this.#heap.value(scope, name) ?? { kind: 'node', node: found }
      }
    return undefined
  }

  #inRegisters({ registers }: Activation, isMeant: (node: HeapNode) => boolean): HeapNode | undefined {
    const found = new Set<HeapNode>()
    for (const value of registers) if (value.kind === 'node' && isMeant(value.node)) found.add(value.node)
    return found.size === 1 ? [...found][0] : undefined
  }
}

/** Declared in the function itself: as a variable, not as a parameter. */
function isLocal({ fn }: FunctionSource, name: string): boolean {
  for (const node of walkOwn(fn)) {
    if (node.type !== 'VariableDeclarator') continue
    for (const part of walkOwn(node.id as Node))
      if (part.type === 'Identifier' && part.name === name) return true
  }
  return false
}
