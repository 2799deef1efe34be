import type { Activation, Answer, Value } from '../../snapshot/question.ts'
import { declarationOf, isConstant } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { constantOf, isPath } from './constants.ts'
import { type Environment, isLost, type Known, type Moment, unknown } from './environment.ts'
import { fieldDoubt, readingOf, type Span } from './freshness.ts'
import { isView, iterationPieces, madeInTurn, type Piece, render } from './rendering.ts'
import { viewOf } from './view.ts'

/** A function in progress: its expressions are asked of its own frame, as long as what they name is still the same. */
export class FrameEnvironment implements Environment {
  readonly syntax: Syntax
  readonly owner: Node
  readonly activation: Activation
  /** The call in progress. */
  readonly position: Node
  readonly closure: Promise<Known> = Promise.resolve(unknown('cannot be read here'))
  readonly #asker: Asker
  readonly #asArgument: AsArgument | undefined

  constructor(
    syntax: Syntax,
    owner: Node,
    activation: Activation,
    position: Node,
    asker: Asker,
    asArgument?: AsArgument,
  ) {
    this.syntax = syntax
    this.owner = owner
    this.activation = activation
    this.position = position
    this.#asker = asker
    this.#asArgument = asArgument
  }

  async evaluate(expression: Node, moment: Moment): Promise<Known> {
    const constant = constantOf(this.syntax, expression)
    if (constant !== undefined) return { answer: { known: { kind: 'number', value: constant } } }
    const doubts: string[] = []
    const text = this.#render(expression, moment, doubts)
    if (typeof text !== 'string') return unknown('stale', text.stale)
    const field = fieldDoubt(this.syntax, expression, this.#span(moment))
    if (field?.sure) return unknown('stale', field.why)
    if (field) doubts.push(field.why)
    const recovered = this.#render(expression, moment, [], 'paths')
    const answers = await Promise.all([
      this.#ask(text),
      typeof recovered === 'string' && recovered !== text ? this.#ask(recovered) : undefined,
    ])
    // V4: an optimised frame has lost its dead locals; their initialisers may still be there.
    let [answer] = answers
    if (isLost(answer) && answers[1] && 'known' in answers[1]) answer = answers[1]
    if (isLost(answer)) answer = (await this.#viewedAnew(expression, moment)) ?? answer
    const passed = isLost(answer) ? await this.#asArgument?.(expression) : undefined
    if (passed && !isLost(passed.answer)) {
      answer = passed.answer
      if (passed.doubt !== undefined) doubts.push(passed.doubt)
    }
    return doubts.length > 0 ? { answer, doubt: doubts[0]! } : { answer }
  }

  /** V4 for `const cell = new Int32Array(buffer, 8, 1)`: another view of the same memory stands for it. */
  async #viewedAnew(expression: Node, moment: Moment): Promise<Answer<Value> | undefined> {
    const doubts: string[] = []
    const text = this.#render(expression, moment, doubts, 'views too')
    if (typeof text !== 'string' || doubts.length > 0 || !/\bnew\b/.test(text)) return undefined
    return viewOf(again => this.#ask(again ? `(${text})` : text), this.#asker)
  }

  evaluateSuper(name: string): Promise<Known> {
    const source = JSON.stringify(methodText(this.syntax, this.owner))
    return this.#ask(`(${superOf})(this, ${JSON.stringify(name)}, ${source})`).then(answer => ({ answer }))
  }

  async element(list: Node, number: number, moment: Moment): Promise<Known> {
    const text = this.textOf(list, moment)
    if (text === undefined) return unknown('stale')
    return { answer: await this.#ask(`[...(${text})][${number}]`) }
  }

  receiver(): Promise<Known> {
    return this.#ask('this').then(answer => ({ answer }))
  }

  /** The text of an expression that means the same in the frame now. */
  textOf(expression: Node, moment: Moment): string | undefined {
    const text = this.#render(expression, moment, [])
    return typeof text === 'string' ? text : undefined
  }

  #ask(expression: string): Promise<Answer<Value>> {
    return this.#asker.value(this.activation, expression)
  }

  #span(moment: Moment): Span {
    const span = { owner: this.owner, from: moment.from, to: this.position }
    return moment.earlier ? { ...span, earlier: moment.earlier } : span
  }

  #render(
    expression: Node,
    moment: Moment,
    doubts: string[],
    recover?: Recovery,
  ): string | { stale: string } {
    const pieces = this.#pieces(expression, moment, doubts, recover, 6)
    return 'stale' in pieces ? pieces : pieces.join('')
  }

  #pieces(
    expression: Node,
    moment: Moment,
    doubts: string[],
    recover: Recovery | undefined,
    depth: number,
  ): readonly Piece[] | { stale: string } {
    if (depth === 0) return { stale: 'the expression is too deep' }
    const inner = (node: Node) => this.#pieces(node, moment, doubts, recover, depth - 1)
    const replaced = (leaf: Node) => {
      if (leaf.type !== 'Identifier') return undefined
      const declaration = declarationOf(this.syntax, leaf.name, leaf)
      if (declaration && declaration.identifier === moment.iteration?.variable)
        return iterationPieces(this.syntax, moment.iteration, inner, moment.earlier !== undefined)
      const ofTurn = declaration && moment.iteration && madeInTurn(this.syntax, declaration, moment.iteration)
      if (ofTurn) {
        const doubt = fieldDoubt(this.syntax, ofTurn, this.#span(moment))
        if (doubt) return { stale: doubt.why }
        const pieces = inner(ofTurn)
        return 'stale' in pieces ? pieces : ['(', ...pieces, ')', declaration.path ?? '']
      }
      const reading = readingOf(this.syntax, leaf.name, leaf, this.#span(moment))
      if (reading.as === 'stale') return { stale: reading.why }
      if (reading.as === 'copy') return [reading.name]
      if (reading.as === 'initialiser') {
        const pieces = inner(reading.node)
        return 'stale' in pieces ? pieces : ['(', ...pieces, ')', reading.path]
      }
      if (reading.doubt) doubts.push(reading.doubt)
      if (!recover || !declaration?.initialiser || declaration.path !== undefined) return undefined
      if (declaration.kind === 'parameter' || !isConstant(this.syntax, declaration)) return undefined
      if (this.syntax.ownerOf(declaration.node) !== this.owner) return undefined
      if (isPath(declaration.initialiser)) return inner(declaration.initialiser)
      const made = unwrapped(declaration.initialiser)
      if (recover === 'paths' || !isView(this.syntax, made)) return undefined
      // What the view was given must not have changed since.
      const since = { ...moment, from: made }
      const field = fieldDoubt(this.syntax, made, this.#span(since))
      return field ? { stale: field.why } : this.#pieces(made, since, doubts, recover, depth - 1)
    }
    return render(this.syntax, expression, replaced, recover === 'views too')
  }
}

/** V4: a lost parameter, or an expression over one, in terms of what the caller gave. */
export type AsArgument = (expression: Node) => Promise<Known | undefined>

/** Which lost names are replaced by their initialisers. */
type Recovery = 'paths' | 'views too'

/** Finds the class that owns the running method among the prototypes of `this`, and takes its parent's method. */
export const superOf = `(o, k, s) => {
  for (; o; o = Object.getPrototypeOf(o))
    if (Object.hasOwn(o, k) && Function.prototype.toString.call(o[k]) === s) return Object.getPrototypeOf(o)[k]
}`

/** A function's text as `Function.prototype.toString` gives it. */
export function methodText(syntax: Syntax, owner: Node): string {
  const parent = syntax.parentOf(owner)
  if (parent?.type === 'MethodDefinition') return syntax.textOf(parent).replace(/^static\s+/, '')
  if (parent?.type === 'Property' && (parent.method || parent.kind !== 'init')) return syntax.textOf(parent)
  return syntax.textOf(owner)
}
