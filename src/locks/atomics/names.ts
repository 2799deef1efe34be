import type { ScriptTexts } from '../../snapshot/question.ts'
import { declarationOf, isConstant } from '../../sources/scopes.ts'
import { type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { constantOf } from './constants.ts'
import { known, type Moment } from './environment.ts'
import type { FrameEnvironment } from './frame-environment.ts'
import { calledName, classOf, type FunctionCatalogue, namesOf } from './function-catalogue.ts'
import type { PlacedFrame } from './prepared.ts'
import { loopVariable } from './rendering.ts'
import { stepsOf } from './steps.ts'
import {
  choosing,
  closesOver,
  factoryMade,
  pickedByReceiver,
  privateGetter,
  rootOf,
  throughCall,
} from './through-call.ts'
import { hasMoreWords, isGiven } from './word-number.ts'

/** A lock as a reader of the program would name it, and the frame that asks for it by that name. */
export interface Naming {
  readonly label: string
  readonly frame: PlacedFrame
}

/** The moment of a step that is over: what it named then may have another name, or value, now. */
export interface Past {
  readonly moment: Moment
  readonly environment: FrameEnvironment
}

/** Goes out from the lock's own code to the frame that uses the lock, and names it in that frame's words (§5). */
export class Names {
  readonly #asker: Asker
  readonly #texts: ScriptTexts
  readonly #catalogue: FunctionCatalogue

  constructor(asker: Asker, texts: ScriptTexts, catalogue: FunctionCatalogue) {
    this.#asker = asker
    this.#catalogue = catalogue
    this.#texts = texts
  }

  /**
   * @param expression what stands for the lock in `stack[at]`: the typed array of an operation, or the receiver or
   * argument of a call that acquires
   * @param inLock whether `stack[at]` is the lock's own code
   */
  async name(
    stack: readonly PlacedFrame[],
    at: number,
    expression: Node,
    index: Node | undefined,
    inLock: boolean,
    past?: Past,
  ): Promise<Naming> {
    let frameIndex = at
    let node: Node | undefined = unwrapped(expression)
    let indexNode = index
    let indexFrame = at
    let lockClass = inLock ? classNodeOf(stack[at]!) : undefined
    let leaving = inLock
    for (let steps = 0; steps < 6; steps++) {
      const frame: PlacedFrame = stack[frameIndex]!
      const bare: boolean = node?.type === 'ThisExpression' || node?.type === 'Super'
      const own: boolean =
        lockClass !== undefined &&
        sameClass(classNodeOf(frame), lockClass) &&
        rootOf(node!).type === 'ThisExpression'
      if (!leaving && !bare && !own && !this.#passesOn(frame, node!)) break
      const caller: PlacedFrame | undefined = callerOf(stack, frameIndex)
      if (!caller) break
      const picked: Node | undefined =
        indexFrame === frameIndex ? pickedByReceiver(frame, node!, indexNode, caller.call!) : undefined
      const outer: Node | undefined =
        picked ??
        throughCall(frame, node!, caller.call!) ??
        (leaving ? factoryMade(frame, node!, indexNode, caller.call!) : undefined)
      if (picked || (outer && indexNode && indexFrame === frameIndex && closesOver(frame, indexNode)))
        indexNode = undefined
      if (indexFrame === frameIndex) indexNode = choosing(frame, node!) ?? indexNode
      if (indexNode && indexFrame === frameIndex) {
        const outerIndex = throughCall(frame, indexNode, caller.call!)
        if (outerIndex) {
          indexNode = outerIndex
          indexFrame = frameIndex + 1
        }
      }
      lockClass ??= bare ? classNodeOf(frame) : undefined
      if (!outer) {
        // A lock in a variable of its own: the name stays, but it is the caller that asks.
        if (leaving)
          return {
            label: await this.#label(stack, frameIndex, node!, indexNode, indexFrame, past),
            frame: caller,
          }
        break
      }
      node = outer
      frameIndex++
      leaving = false
    }
    return {
      label: await this.#label(
        stack,
        frameIndex,
        node!,
        indexNode,
        indexFrame,
        frameIndex === at ? past : undefined,
      ),
      frame: stack[frameIndex]!,
    }
  }

  /** A parameter of a function that only acquires: the caller's name for it says more. */
  #passesOn(frame: PlacedFrame, node: Node): boolean {
    if (node.type !== 'Identifier') return false
    const declaration = declarationOf(frame.syntax, node.name, node)
    if (declaration?.kind !== 'parameter' || declaration.scope !== frame.owner) return false
    const acquiring = stepsOf(frame.syntax, frame.owner).steps.filter(
      step =>
        step.kind === 'call' &&
        this.#catalogue.likely(calledName(frame.syntax, step.call) ?? '') === 'acquire',
    )
    const onlyAcquires = namesOf(frame.syntax, frame.owner).some(
      name => this.#catalogue.likely(name) === 'acquire',
    )
    return onlyAcquires && acquiring.length === 1 && !/\busing\b/.test(frame.syntax.textOf(frame.owner))
  }

  async #label(
    stack: readonly PlacedFrame[],
    at: number,
    node: Node,
    index: Node | undefined,
    indexFrame: number,
    past: Past | undefined,
  ): Promise<string> {
    const base = await this.#path(stack, at, node, 4, past)
    if (!index || base.endsWith(']')) return base
    const frame = stack[indexFrame]!
    const constant = constantOf(frame.syntax, index)
    // The only word of its array needs no number.
    if (constant === 0 && !isGiven(frame.syntax, index) && !hasMoreWords(frame.syntax, index)) return base
    const value = constant ?? (await this.#number(frame, index, past))
    return value === undefined ? base : `${base}[${value}]`
  }

  /** `this.#lock` → `BoundedQueue.#lock`, `locks[i]` → `locks[2]`, `a.lock` → `accounts[3].lock`. */
  async #path(
    stack: readonly PlacedFrame[],
    at: number,
    expression: Node,
    depth: number,
    past?: Past,
  ): Promise<string> {
    const frame = stack[at]!
    const { syntax } = frame
    const node = unwrapped(expression)
    if (node.type === 'ThisExpression' || node.type === 'Super') return className(frame)
    if (node.type === 'MemberExpression') {
      const object = await this.#path(stack, at, node.object as Node, depth, past)
      if (!node.computed) return `${object}.${this.#original(frame, node.property as Node)}`
      const property = node.property as Node
      const constant = constantOf(syntax, property)
      const key = constant ?? (await this.#key(frame, property, past))
      return `${object}[${key ?? syntax.textOf(property)}]`
    }
    if (node.type === 'CallExpression') {
      const compiled =
        node.arguments[1] && compiledPrivate(node, this.#original(frame, node.arguments[1] as Node))
      if (compiled) {
        const holder = await this.#path(stack, at, compiled.holder, depth, past)
        return `${holder}.#${compiled.name}`
      }
      return shorten(await this.#called(frame, node, past))
    }
    if (node.type !== 'Identifier') return shorten(syntax.textOf(node))
    const declaration = declarationOf(syntax, node.name, node)
    const loop = declaration && syntax.parentOf(syntax.parentOf(declaration.node) ?? declaration.node)
    if (loop?.type === 'ForOfStatement' && loopVariable(loop) === declaration?.identifier) {
      const list = syntax.textOf(loop.right)
      if (past?.moment.iteration?.loop === loop) return `${shorten(list)}[${past.moment.iteration.number}]`
      const place = await this.#number(frame, `[...(${list})].indexOf(${node.name})`)
      if (place !== undefined && place >= 0) return `${shorten(list)}[${place}]`
    }
    const passed = declaration?.kind === 'parameter' && declaration.scope === frame.owner
    if (passed && depth > 0 && isConstant(syntax, declaration)) {
      const caller = callerOf(stack, at)
      const given = caller && throughCall(frame, node, caller.call!)
      if (given && isNaming(given)) return this.#path(stack, at + 1, given, depth - 1)
    }
    return this.#original(frame, node)
  }

  /** `getLock(name)` → `getLock("orders")`: what it was called with tells such locks apart. */
  async #called(
    frame: PlacedFrame,
    call: Extract<Node, { type: 'CallExpression' }>,
    past?: Past,
  ): Promise<string> {
    const { syntax } = frame
    const given = call.arguments as Node[]
    if (given.length === 0 || given.length > 2 || !given.every(isNaming)) return syntax.textOf(call)
    const keys = await Promise.all(given.map(one => this.#key(frame, one, past)))
    const texts = given.map((one, at) => keys[at] ?? syntax.textOf(one))
    return `${syntax.textOf(call.callee as Node)}(${texts.join(', ')})`
  }

  /** The name that the source map keeps for a minified one. */
  #original(frame: PlacedFrame, node: Node): string {
    const text = frame.syntax.textOf(node)
    const { line, column } = frame.syntax.lines.positionAt(node.start)
    const name = this.#texts.original(frame.activation.script, line, column).name
    if (!name || !/^#?[\w$]+$/.test(name)) return text
    return text.startsWith('#') && !name.startsWith('#') ? `#${name}` : name
  }

  async #number(frame: PlacedFrame, expression: Node | string, past?: Past): Promise<number | undefined> {
    const key = await this.#key(frame, expression, past)
    return typeof key === 'number' ? key : undefined
  }

  async #key(
    frame: PlacedFrame,
    expression: Node | string,
    past?: Past,
  ): Promise<string | number | undefined> {
    const text =
      typeof expression === 'string'
        ? expression
        : past
          ? past.environment.textOf(expression, past.moment)
          : frame.syntax.textOf(expression)
    if (text === undefined) return undefined
    const value = known(await this.#asker.value(frame.activation, text))
    if (value?.kind === 'number') return value.value
    return value?.kind === 'string' ? JSON.stringify(value.value) : undefined
  }
}

/** The frame that called `stack[at]` by a plain call. */
export function callerOf(stack: readonly PlacedFrame[], at: number): PlacedFrame | undefined {
  const caller = stack[at + 1]
  if (!caller?.exact || !caller.call) return undefined
  return caller.activation.index === stack[at]!.activation.index + 1 ? caller : undefined
}

/** `__classPrivateFieldGet(this, _Mutex_cell, "f")`, `__privateGet(this, _cell)`: the WeakMap's name is the field's. */
function compiledPrivate(
  call: Extract<Node, { type: 'CallExpression' }>,
  store: string,
): { holder: Node; name: string } | undefined {
  if (!privateGetter(call)) return undefined
  const name = /^_[A-Z]\w*?_(\w+)$/.exec(store)?.[1] ?? store.replace(/^[_#]+/, '')
  return { holder: call.arguments[0] as Node, name }
}

function isNaming(expression: Node): boolean {
  const node = unwrapped(expression)
  return node.type === 'Identifier' || node.type === 'MemberExpression' || node.type === 'ThisExpression'
}

function className(frame: PlacedFrame): string {
  const { class: declared, thisClass } = frame.activation.frame
  if (typeof declared === 'string' && declared) return declared
  const node = classNodeOf(frame)
  if (node && 'id' in node && node.id) return (node.id as { name: string }).name
  return thisClass ?? 'this'
}

function classNodeOf(frame: PlacedFrame): Node | undefined {
  return classOf(frame.syntax, frame.owner)
}

function sameClass(left: Node | undefined, right: Node | undefined): boolean {
  return left !== undefined && left === right
}

function shorten(text: string): string {
  const one = text.replace(/\s+/g, ' ')
  return one.length > 60 ? `${one.slice(0, 57)}…` : one
}
