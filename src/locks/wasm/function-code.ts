/** One function walked through once, without running it: what each access to memory and each call is given. */
import { type Instruction, instructionsOf, opcode } from '../../sources/wasm/instructions.ts'
import type { WasmFunction, WasmModule } from '../../sources/wasm/wasm-module.ts'
import { type Expression, load, numberValue, plus, sum, unknownValue } from './expression.ts'

/** A block, a loop or one arm of an `if`; numbers are those of instructions. */
export interface Region {
  readonly kind: 'block' | 'loop' | 'arm'
  readonly from: number
  to: number
  /** It ends in a jump: what follows it is reached by other ways only. */
  leaves: boolean
}

export interface Step {
  /** Of the instruction. */
  readonly number: number
  readonly instruction: Instruction
  /** What it takes from the operand stack, the deepest first. */
  readonly operands: readonly Expression[]
}

export class FunctionCode {
  readonly instructions: readonly Instruction[]
  /** Calls and accesses to memory. */
  readonly steps: readonly Step[]
  readonly regions: readonly Region[]

  /** Undefined where the function's body cannot be read. */
  static read(module: WasmModule, fn: WasmFunction): FunctionCode | undefined {
    const instructions = instructionsOf(module, fn)
    return instructions && new FunctionCode(module, fn, instructions)
  }

  private constructor(module: WasmModule, fn: WasmFunction, instructions: readonly Instruction[]) {
    this.instructions = instructions
    this.regions = regionsOf(instructions)
    this.steps = walk(module, fn, instructions, this.regions)
  }

  /** The step that stands at an offset of the module. */
  stepAt(offset: number): Step | undefined {
    return this.steps.find(({ instruction }) => instruction.at === offset)
  }

  /** Those that a step lies in, innermost first. */
  around(number: number): readonly Region[] {
    return this.regions.filter(({ from, to }) => from <= number && number <= to).reverse()
  }

  innermostLoop(number: number): Region | undefined {
    return this.around(number).find(({ kind }) => kind === 'loop')
  }

  /**
   * Whether whoever came to `later` has been at `earlier` for sure: no arm lies around it that does not lie around
   * the other, and no branch before it leads past it.
   */
  isOnTheWay(earlier: number, later: number): boolean {
    const passed = this.around(earlier).filter(({ from, to }) => later < from || later > to)
    return passed.every(region => {
      if (region.kind === 'arm') return false
      for (let number = region.from + 1; number < earlier; number += 1)
        if (this.#branchesOut(number, region)) return false
      return true
    })
  }

  /** In an arm or block that is left for good before `later`. */
  isAside(number: number, later: number): boolean {
    return this.around(number).some(({ from, to, leaves }) => leaves && (later < from || later > to))
  }

  #branchesOut(number: number, region: Region): boolean {
    const { code, value, depths = [value] } = this.instructions[number]!
    if (code !== opcode.br && code !== opcode.brIf && code !== opcode.brTable) return false
    const inside = this.around(number).indexOf(region)
    return depths.some(depth => depth > inside || (depth === inside && region.kind !== 'loop'))
  }
}

function regionsOf(instructions: readonly Instruction[]): readonly Region[] {
  const regions: Region[] = []
  const open: Region[] = []
  const begin = (kind: Region['kind'], from: number) => {
    const region = { kind, from, to: instructions.length, leaves: false }
    regions.push(region)
    open.push(region)
  }
  const close = (number: number) => {
    const region = open.pop()
    if (region === undefined) return
    region.to = number
    region.leaves = jumps(instructions[number - 1])
  }
  instructions.forEach(({ code }, number) => {
    if (code === opcode.block) begin('block', number)
    else if (code === opcode.loop) begin('loop', number)
    else if (code === opcode.if) begin('arm', number)
    else if (code === opcode.end) close(number)
    else if (code === opcode.else) {
      close(number)
      begin('arm', number)
    }
  })
  return regions
}

function jumps(instruction: Instruction | undefined): boolean {
  const { unreachable, br, brTable, return: leave } = opcode
  return (
    instruction !== undefined && [unreachable, br, brTable, leave].some(code => code === instruction.code)
  )
}

function walk(
  module: WasmModule,
  fn: WasmFunction,
  instructions: readonly Instruction[],
  regions: readonly Region[],
): readonly Step[] {
  const steps: Step[] = []
  const parameters = module.signatureOf(fn.index)?.parameters ?? 0
  const locals = new Map<number, Expression>()
  for (let index = 0; index < parameters; index += 1) locals.set(index, { kind: 'parameter', index })
  const writes = writesOf(instructions, parameters)
  const starting = new Map(regions.map(region => [region.from, region]))
  const heights: {
    readonly height: number
    readonly results: number
    readonly region: Region | undefined
  }[] = []
  let stack: Expression[] = []
  /** What is set in a region may have been set or not behind it, or before its next turn; set once it is what it is. */
  const forget = (region: Region | undefined) => {
    for (const [local, places] of writes)
      if (region && places.length > 1 && places.some(at => region.from <= at && at <= region.to))
        locals.set(local, unknownValue)
  }
  instructions.forEach((instruction, number) => {
    const { code, value, takes, puts } = instruction
    const operands = Array.from({ length: takes }, () => stack.pop() ?? unknownValue).reverse()
    switch (code) {
      case opcode.block:
      case opcode.loop:
      case opcode.if: {
        const region = starting.get(number)
        heights.push({ height: stack.length, results: value, region })
        if (code === opcode.loop) forget(region)
        return
      }
      case opcode.else:
      case opcode.end: {
        const block = heights.at(-1)
        if (block === undefined) return
        stack = stack.slice(0, block.height)
        forget(block.region)
        if (code === opcode.else) {
          heights[heights.length - 1] = { ...block, region: starting.get(number) }
          return
        }
        heights.pop()
        stack.push(...Array.from({ length: block.results }, () => unknownValue))
        return
      }
      case opcode.localSet:
        locals.set(value, operands[0]!)
        return
      case opcode.localTee:
        locals.set(value, operands[0]!)
    }
    const isAccess = (code >= 0x28 && code <= 0x3e) || code >= 0xfe00
    if (isAccess || code === opcode.call || code === opcode.callIndirect)
      steps.push({ number, instruction, operands })
    if (puts === 1) stack.push(result(instruction, operands, locals, module))
    else stack.push(...Array.from({ length: puts }, () => unknownValue))
  })
  return steps
}

function result(
  { code, value, memory }: Instruction,
  operands: readonly Expression[],
  locals: ReadonlyMap<number, Expression>,
  module: WasmModule,
): Expression {
  switch (code) {
    case opcode.i32Const:
    case opcode.i64Const:
      return numberValue(value)
    case opcode.localGet:
      return locals.get(value) ?? unknownValue
    case opcode.localTee:
      return operands[0]!
    case opcode.globalGet: {
      const constant = module.constants.get(value)
      return constant === undefined ? unknownValue : numberValue(constant)
    }
    case opcode.i32Add:
      return sum(operands[0]!, operands[1]!)
    case opcode.i32Sub: {
      const [left, right] = operands as [Expression, Expression]
      return right.kind === 'number' ? plus(left, -right.value) : unknownValue
    }
    case opcode.i32Load:
      return load(plus(operands[0]!, value), memory)
    default:
      return unknownValue
  }
}

/** By local: the instructions that set it; a parameter is set by the call too, before all of them. */
function writesOf(
  instructions: readonly Instruction[],
  parameters: number,
): ReadonlyMap<number, readonly number[]> {
  const writes = new Map<number, number[]>(Array.from({ length: parameters }, (_, index) => [index, [-1]]))
  instructions.forEach(({ code, value }, number) => {
    if (code !== opcode.localSet && code !== opcode.localTee) return
    writes.set(value, [...(writes.get(value) ?? []), number])
  })
  return writes
}
