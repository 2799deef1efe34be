import type { ObjectRef, Value } from '../../snapshot/question.ts'
import { type Declaration, declarationOf, isConstant } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { constantOf } from './constants.ts'
import { type Environment, type Known, known, type Made, type Moment, unknown } from './environment.ts'
import { methodText, superOf } from './frame-environment.ts'
import { iterationPieces, type Piece, render } from './rendering.ts'
import { contains } from './steps.ts'
import { viewOf } from './view.ts'

/** What a function was called with. */
export interface Application {
  readonly syntax: Syntax
  readonly owner: Node
  /** The function's object, whose scopes hold its free names. */
  readonly closure: Promise<Known>
  readonly receiver: Promise<Known>
  readonly arguments: readonly Promise<Known>[]
  /** Values of parameters by the identifier that declares them, where these are known instead of the arguments. */
  readonly parameters?: ReadonlyMap<Node, Promise<Known>>
  /** For a function written in place as a callback: where its free names are read. */
  readonly outer?: { readonly environment: Environment; readonly moment: Moment }
  /** Called by `new`: fields of `this` are what the constructor sets them to. */
  readonly constructs: boolean
}

const undefinedValue: Known = { answer: { known: { kind: 'undefined' } } }

/** A function that was called and has returned: its expressions are put together from what it was called with. */
export class CalleeEnvironment implements Environment {
  readonly syntax: Syntax
  readonly owner: Node
  readonly closure: Promise<Known>
  readonly #application: Application
  readonly #asker: Asker

  constructor(application: Application, asker: Asker) {
    this.syntax = application.syntax
    this.owner = application.owner
    this.closure = application.closure
    this.#application = application
    this.#asker = asker
  }

  receiver(): Promise<Known> {
    if (this.owner.type !== 'ArrowFunctionExpression') return this.#application.receiver
    if (this.#application.outer) return this.#application.outer.environment.receiver()
    return this.#free('this')
  }

  async evaluateSuper(name: string): Promise<Known> {
    const receiver = await this.receiver()
    const value = known(receiver.answer)
    if (value?.kind !== 'object' && value?.kind !== 'function') return unknown('cannot be read here')
    const source = JSON.stringify(methodText(this.syntax, this.owner))
    return {
      answer: await this.#asker.on([value.ref], `(${superOf})(self, ${JSON.stringify(name)}, ${source})`),
    }
  }

  evaluate(expression: Node, moment: Moment): Promise<Known> {
    return this.#evaluate(unwrapped(expression), moment, 8)
  }

  async #evaluate(expression: Node, moment: Moment, depth: number): Promise<Known> {
    const constant = constantOf(this.syntax, expression)
    if (constant !== undefined && expression.type !== 'Identifier')
      return { answer: { known: { kind: 'number', value: constant } } }
    if (depth === 0) return unknown('cannot be read here', 'the expression is too deep')
    if (expression.type === 'ThisExpression') return this.receiver()
    if (expression.type === 'Identifier') {
      const found = await this.#name(expression, expression.name, moment, depth)
      if (found !== 'global') return found
    }
    if (expression.type === 'MemberExpression' && !expression.computed) {
      const made = await this.#madeOf(expression.object as Node)
      if (made) return made.member(this.syntax.textOf(expression.property))
    }
    if (expression.type === 'MemberExpression' && expression.property.type === 'PrivateIdentifier')
      return this.#privateMember(expression.object as Node, `#${expression.property.name}`, moment, depth)
    if (expression.type === 'MemberExpression' && this.#isConstructed(expression.object as Node))
      return this.#constructedField(this.syntax.textOf(expression.property), depth)
    return this.#compound(expression, moment, depth)
  }

  /** Gives each name in the expression its value, then asks for the whole at once. */
  async #compound(expression: Node, moment: Moment, depth: number): Promise<Known> {
    const cut = render(this.syntax, expression, leaf => this.#leaf(leaf, moment), true)
    if ('stale' in cut) return unknown('stale', cut.stale)
    const values = await Promise.all(
      cut.map(piece =>
        typeof piece === 'string' ? undefined : this.#evaluate(piece.leaf, moment, depth - 1),
      ),
    )
    const objects: ObjectRef[] = []
    let doubt: string | undefined
    let text = ''
    for (const [index, piece] of cut.entries()) {
      const value = values[index]
      if (typeof piece === 'string' || !value) {
        text += piece as string
        continue
      }
      if (!('known' in value.answer)) return value
      doubt ??= value.doubt
      const written = literal(value.answer.known, objects)
      if (written === undefined) return unknown('cannot be read here')
      text += written
    }
    if (objects.length === 0) {
      const anchor = await this.#anchor()
      if (!anchor) return unknown('cannot be read here', 'nothing in it belongs to the thread')
      objects.push(anchor)
    }
    const ask = (again: boolean) => this.#asker.on(objects, again ? `(${text})` : text)
    const isNew = [...walkOwn(expression)].some(node => node.type === 'NewExpression')
    const answer = isNew ? await viewOf(ask, this.#asker) : await ask(false)
    if (!answer) return unknown('stale', 'the expression makes a new object')
    return doubt ? { answer, doubt } : { answer }
  }

  /** For an object that is known by how it was made only: through `this`, a parameter, or a field of such a one. */
  async #madeOf(object: Node): Promise<Made | undefined> {
    const node = unwrapped(object)
    if (node.type === 'ThisExpression' && this.owner.type !== 'ArrowFunctionExpression')
      return (await this.#application.receiver).made
    if (node.type === 'MemberExpression' && !node.computed) {
      const holder = await this.#madeOf(node.object as Node)
      return holder && (await holder.member(this.syntax.textOf(node.property))).made
    }
    if (node.type !== 'Identifier') return undefined
    const declaration = declarationOf(this.syntax, node.name, node)
    if (declaration?.kind !== 'parameter' || declaration.scope !== this.owner) return undefined
    if (!/^\d+$/.test(declaration.path ?? '0') || !isConstant(this.syntax, declaration)) return undefined
    return (await this.#application.arguments[Number(declaration.path ?? 0)])?.made
  }

  /** Any object of the thread: what is put together from numbers alone (`at + 1`) has to be asked somewhere. */
  async #anchor(): Promise<ObjectRef | undefined> {
    const { receiver, arguments: given } = this.#application
    for (const one of await Promise.all([this.closure, receiver, ...given])) {
      const value = known(one.answer)
      if (value?.kind === 'object' || value?.kind === 'function') return value.ref
    }
    return undefined
  }

  #leaf(leaf: Node, moment: Moment): readonly Piece[] | { stale: string } | undefined {
    if (leaf.type !== 'Identifier') return [{ leaf }]
    const declaration = declarationOf(this.syntax, leaf.name, leaf)
    if (declaration && declaration.identifier === moment.iteration?.variable)
      return iterationPieces(
        this.syntax,
        moment.iteration,
        node => render(this.syntax, node, inner => this.#leaf(inner, moment)),
        false,
      )
    return declaration || !(leaf.name in globalThis) ? [{ leaf }] : undefined
  }

  async #name(at: Node, name: string, moment: Moment, depth: number): Promise<Known | 'global'> {
    const declaration = declarationOf(this.syntax, name, at)
    if (declaration && contains(this.owner, declaration.scope)) return this.#own(declaration, moment, depth)
    const { outer } = this.#application
    if (outer && declaration) return outer.environment.evaluate(at, outer.moment)
    const found = await this.#free(name)
    if ('known' in found.answer) {
      const doubt = declaration && !isConstant(this.syntax, declaration)
      return doubt ? { ...found, doubt: `\`${name}\` is assigned elsewhere in the program` } : found
    }
    const constant = declaration?.initialiser && constantOf(this.syntax, declaration.identifier)
    if (constant !== undefined) return { answer: { known: { kind: 'number', value: constant } } }
    return declaration || !(name in globalThis) ? found : 'global'
  }

  /** Parameters and fixed local names of the function itself. */
  async #own(declaration: Declaration, moment: Moment, depth: number): Promise<Known> {
    if (declaration.kind !== 'parameter') {
      if (!declaration.initialiser || !isConstant(this.syntax, declaration))
        return unknown('stale', `\`${declaration.name}\` changes in the function`)
      const value = await this.#evaluate(unwrapped(declaration.initialiser), moment, depth - 1)
      return declaration.path ? this.#member(value, declaration.path) : value
    }
    if (!isConstant(this.syntax, declaration))
      return unknown('stale', `the parameter \`${declaration.name}\` is assigned to`)
    const { parameters } = this.#application
    if (parameters)
      return parameters.get(declaration.identifier) ?? unknown('cannot be read here', declaration.name)
    const [, position, path] = /^(\d+)(.*)$/.exec(declaration.path ?? '0')!
    if (path?.includes('…')) return unknown('cannot be read here', 'a rest parameter')
    const given = (await this.#application.arguments[Number(position)]) ?? undefinedValue
    const value = path ? await this.#member(given, path) : given
    const missing = 'known' in value.answer && value.answer.known.kind === 'undefined'
    return missing && declaration.initialiser
      ? this.#evaluate(unwrapped(declaration.initialiser), moment, depth - 1)
      : value
  }

  async #member(of: Known, path: string): Promise<Known> {
    const value = known(of.answer)
    if (value?.kind !== 'object' && value?.kind !== 'function') return of
    const answer = await this.#asker.on([value.ref], `self${path}`)
    return of.doubt ? { answer, doubt: of.doubt } : { answer }
  }

  async #privateMember(object: Node, name: string, moment: Moment, depth: number): Promise<Known> {
    if (this.#isConstructed(object)) return this.#constructedField(name, depth)
    const holder = await this.#evaluate(unwrapped(object), moment, depth - 1)
    const value = known(holder.answer)
    if (value?.kind !== 'object' && value?.kind !== 'function') return holder
    const found = { answer: await this.#asker.member(value.ref, name) }
    return holder.doubt ? { ...found, doubt: holder.doubt } : found
  }

  async #free(name: string): Promise<Known> {
    const value = known((await this.closure).answer)
    if (value?.kind !== 'function') return unknown('no such name', name)
    return { answer: await this.#asker.variable(value.ref, name) }
  }

  #isConstructed(object: Node): boolean {
    return this.#application.constructs && unwrapped(object).type === 'ThisExpression'
  }

  async #constructedField(name: string, depth: number): Promise<Known> {
    return (await this.constructedField(name, depth)) ?? unknown('no such name', name)
  }

  /** N2: `this.mutex` of an object under construction is the right side of `this.mutex = …`. */
  async constructedField(name: string, depth = 8): Promise<Known | undefined> {
    for (const node of walkOwn(this.owner)) {
      if (node.type !== 'AssignmentExpression' || node.left.type !== 'MemberExpression') continue
      if (node.left.object.type !== 'ThisExpression') continue
      const property = node.left.property
      const written =
        property.type === 'PrivateIdentifier' ? `#${property.name}` : this.syntax.textOf(property)
      if (written === name) return this.#evaluate(unwrapped(node.right as Node), { from: node }, depth - 1)
    }
    for (const node of this.syntax.ancestors(this.owner)) {
      if (node.type !== 'ClassBody') continue
      for (const member of node.body)
        if (member.type === 'PropertyDefinition' && !member.static && member.value)
          if (this.syntax.textOf(member.key) === name && !isFunction(member.value as Node))
            return this.#evaluate(unwrapped(member.value as Node), { from: this.owner }, depth - 1)
    }
    return undefined
  }
}

/** A value as text: primitives as literals, objects as `self` or `other0` and so on. */
function literal(value: Value, objects: ObjectRef[]): string | undefined {
  switch (value.kind) {
    case 'undefined':
    case 'null':
      return value.kind
    case 'boolean':
    case 'number':
      return String(value.value)
    case 'bigint':
      return `${value.value}n`
    case 'string':
      return JSON.stringify(value.value)
    case 'symbol':
      return undefined
    default: {
      let index = objects.findIndex(one => one.id === value.ref.id)
      if (index < 0) index = objects.push(value.ref) - 1
      return index === 0 ? 'self' : `other${index - 1}`
    }
  }
}
