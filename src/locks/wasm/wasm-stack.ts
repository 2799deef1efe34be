/**
 * The frames of one stack that run WebAssembly, with the numbers that their parameters have. The operands of code that
 * was compiled before the debugger came are not in the inspector; they are worked out from the module's code, from
 * the arguments of the JavaScript call that entered it, and from memory.
 */
import type { Activation, ObjectRef, ValueSource, Word } from '../../snapshot/question.ts'
import type { Node } from '../../sources/syntax-tree.ts'
import { opcode } from '../../sources/wasm/instructions.ts'
import type { PlacedFrame } from '../atomics/prepared.ts'
import { type Expression, within, worth } from './expression.ts'
import type { Step } from './function-code.ts'
import { isAsGiven, onlyReads } from './given.ts'
import type { ModuleCode } from './touches.ts'

export interface WasmFrame {
  readonly activation: Activation
  readonly module: ModuleCode
  /** The function's index. */
  readonly index: number
  /** Where it stands; undefined where its code could not be read. */
  readonly step: Step | undefined
}

export class WasmStack {
  /** By index in the stack. */
  readonly frames: ReadonlyMap<number, WasmFrame>
  readonly #placed: ReadonlyMap<number, PlacedFrame>
  readonly #values: ValueSource
  readonly #parameters = new Map<number, Promise<readonly (number | undefined)[]>>()

  constructor(
    stack: readonly Activation[],
    placed: readonly PlacedFrame[],
    modules: (script: string) => ModuleCode | undefined,
    values: ValueSource,
  ) {
    this.#placed = new Map(placed.map(frame => [frame.activation.index, frame]))
    this.#values = values
    this.frames = new Map(
      stack.flatMap((activation, at) => {
        const frame = wasmFrame(activation, modules)
        return frame ? [[at, frame] as const] : []
      }),
    )
  }

  /** The wasm frame that called the one at `at`, when it was wasm that did. */
  callerOf(at: number): WasmFrame | undefined {
    return this.frames.get(at + 1)
  }

  /** An expression of the frame at `at` in terms of its caller, which has to be a wasm frame. */
  inCaller(at: number, expression: Expression): Expression {
    const step = this.callerOf(at)?.step
    return step ? within(expression, argumentsOf(step)) : { kind: 'unknown' }
  }

  /** What an expression of the frame at `at` is worth; undefined where that cannot be known. */
  async numberOf(at: number, expression: Expression): Promise<number | undefined> {
    const frame = this.frames.get(at)
    if (frame === undefined) return undefined
    const parameters = needsParameters(expression) ? await this.#parametersOf(at) : []
    return worth(expression, parameters, (memory, address) => this.#read(frame.activation, memory, address))
  }

  /** The word at an address of the memory of the frame at `at`. */
  async wordAt(at: number, memory: number, address: number, bytes: 4 | 8): Promise<Word | undefined> {
    const array = await this.#memory(this.frames.get(at)!.activation, memory, bytes)
    if (array === undefined) return undefined
    const answer = await this.#values.ask({ ask: 'word', array, index: Math.floor(address / bytes) })
    return 'known' in answer ? answer.known : undefined
  }

  #parametersOf(at: number): Promise<readonly (number | undefined)[]> {
    const known = this.#parameters.get(at)
    if (known !== undefined) return known
    const numbers = this.#findParameters(at)
    this.#parameters.set(at, numbers)
    return numbers
  }

  async #findParameters(at: number): Promise<readonly (number | undefined)[]> {
    const caller = this.callerOf(at)
    if (caller === undefined) {
      const numbers = await this.#fromJavaScript(at)
      return numbers.length > 0 && !numbers.includes(undefined) ? numbers : this.#entered(at, numbers)
    }
    if (caller.step === undefined) return []
    return Promise.all(argumentsOf(caller.step).map(expression => this.numberOf(at + 1, expression)))
  }

  /** The arguments of the call in progress, when that is one of this very function: an export's name is its index. */
  async #fromJavaScript(at: number): Promise<readonly (number | undefined)[]> {
    const frame = this.#placed.get(at + 1)
    const called = this.frames.get(at)!
    if (!frame?.call || !frame.exact || frame.call.type !== 'CallExpression') return []
    const given = frame.call.arguments as Node[]
    const callee = frame.call.callee as Node
    if (!onlyReads(callee) || given.some(({ type }) => type === 'SpreadElement')) return []
    const text = (node: Node) => frame.syntax.textOf(node)
    const ask = (expression: string) =>
      this.#values.ask({ ask: 'value', activation: frame.activation, expression })
    // What the thread has not come back to since cannot have changed: nothing but wasm ran inside of it.
    const isInnermost = [...this.#placed.keys()].every(index => index > at)
    const canRead = (node: Node) => onlyReads(node) && (isInnermost || isAsGiven(frame, node))
    const [isCalled, ...numbers] = await Promise.all([
      ask(`(${text(callee)}).name === "${called.index}"`),
      ...given.map(node => (canRead(node) ? ask(`Number(${text(node)})`) : undefined)),
    ])
    if (!('known' in isCalled) || isCalled.known.kind !== 'boolean' || !isCalled.known.value) return []
    return numbers.map(answer =>
      answer && 'known' in answer && answer.known.kind === 'number' && Number.isInteger(answer.known.value)
        ? answer.known.value
        : undefined,
    )
  }

  /** What the frame itself was entered with, which only memory tells; by what the source says where it does not. */
  async #entered(
    at: number,
    told: readonly (number | undefined)[],
  ): Promise<readonly (number | undefined)[]> {
    const { activation, module, index } = this.frames.get(at)!
    const count = module.module.signatureOf(index)?.parameters ?? 0
    const given = Array.from({ length: count }, (_, number) =>
      this.#values.ask({ ask: 'value', activation, expression: `arguments[${number}]` }),
    )
    return (await Promise.all(given)).map((answer, number) =>
      'known' in answer && answer.known.kind === 'number' && Number.isInteger(answer.known.value)
        ? answer.known.value
        : told[number],
    )
  }

  async #read(activation: Activation, memory: number, address: number): Promise<number | undefined> {
    if (address % 4 !== 0) return undefined
    const expression = `${memoryText(memory, 4)}[${address / 4}]`
    const answer = await this.#values.ask({ ask: 'value', activation, expression })
    return 'known' in answer && answer.known.kind === 'number' ? answer.known.value : undefined
  }

  async #memory(activation: Activation, memory: number, bytes: 4 | 8): Promise<ObjectRef | undefined> {
    const expression = memoryText(memory, bytes)
    const answer = await this.#values.ask({ ask: 'value', activation, expression })
    return 'known' in answer && answer.known.kind === 'object' ? answer.known.ref : undefined
  }
}

/** `memories` is a name in V8's scope of a module, its members in the order of their indices. */
function memoryText(memory: number, bytes: 4 | 8): string {
  const view = bytes === 4 ? 'Int32Array' : 'BigInt64Array'
  return `new ${view}(Object.values(memories)[${memory}].buffer)`
}

function wasmFrame(
  activation: Activation,
  modules: (script: string) => ModuleCode | undefined,
): WasmFrame | undefined {
  const offset = activation.wasmOffset
  const module = offset === undefined ? undefined : modules(activation.script)
  const fn = module?.module.functionAt(offset!)
  if (module === undefined || fn === undefined) return undefined
  const { index } = fn
  return { activation, module, index, step: module.code(index)?.stepAt(offset!) }
}

/** What a call gives; one through a table has the place in the table last. */
function argumentsOf({ instruction, operands }: Step): readonly Expression[] {
  if (instruction.code === opcode.call) return operands
  return instruction.code === opcode.callIndirect ? operands.slice(0, -1) : []
}

function needsParameters(expression: Expression): boolean {
  if (expression.kind === 'sum') return needsParameters(expression.of)
  return expression.kind === 'load' ? needsParameters(expression.from) : expression.kind === 'parameter'
}
