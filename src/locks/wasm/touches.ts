/** What a function does to words of memory, itself and through the functions that it calls. */
import { opcode } from '../../sources/wasm/instructions.ts'
import type { WasmModule } from '../../sources/wasm/wasm-module.ts'
import { type Expression, keyOf, plus, within } from './expression.ts'
import { FunctionCode, type Step } from './function-code.ts'

/**
 * `swap`: an exchange that leaves a fixed value in the word, as one that takes a lock does; `count`: any other
 * operation that reads and writes at once, as of semaphores, readers and queues of jobs.
 */
export type TouchKind = 'wait' | 'swap' | 'count' | 'store' | 'notify'

export interface Touch {
  readonly kind: TouchKind
  /** The number of the instruction in this function: of the access, or of the call that leads to it. */
  readonly number: number
  readonly memory: number
  /** In terms of this function's parameters. */
  readonly address: Expression
  /** The same text for the same word; undefined where the address is not known. */
  readonly key: string | undefined
  /** The function called, where it is not this one that does it. */
  readonly through: number | undefined
}

/** Calls are followed so deep. */
const deepest = 4
/** A body of everything calls everything: so many functions are read for one report. */
const mostFunctions = 2000

/** The functions of one module, each read once. */
export class ModuleCode {
  readonly module: WasmModule
  readonly #codes = new Map<number, FunctionCode | undefined>()
  readonly #touches = new Map<string, readonly Touch[]>()

  constructor(module: WasmModule) {
    this.module = module
  }

  code(index: number): FunctionCode | undefined {
    if (this.#codes.has(index)) return this.#codes.get(index)
    const fn = this.#codes.size < mostFunctions ? this.module.functionOf(index) : undefined
    const code = fn && FunctionCode.read(this.module, fn)
    this.#codes.set(index, code)
    return code
  }

  touches(index: number, depth = 0): readonly Touch[] {
    const key = `${index} ${depth}`
    const known = this.#touches.get(key)
    if (known !== undefined) return known
    const all = (this.code(index)?.steps ?? []).flatMap(step => this.#touchesOf(step, depth))
    this.#touches.set(key, all)
    return all
  }

  #touchesOf(step: Step, depth: number): readonly Touch[] {
    const { instruction, number, operands } = step
    if (instruction.code === opcode.call) {
      if (depth >= deepest) return []
      const seen = new Set<string>()
      return this.touches(instruction.value, depth + 1).flatMap(touch => {
        const address = within(touch.address, operands)
        const key = wordKey(touch.memory, address)
        // What leads to nothing that is known in the caller is of no use there, and twice the same is once.
        if (key === undefined || seen.has(`${touch.kind} ${key}`)) return []
        seen.add(`${touch.kind} ${key}`)
        return [{ ...touch, number, address, key, through: instruction.value }]
      })
    }
    const kind = kindOf(step)
    if (kind === undefined) return []
    const { memory } = instruction
    const address = addressOf(step)
    return [{ kind, number, memory, address, key: wordKey(memory, address), through: undefined }]
  }
}

/** The address that an access to memory is for. */
export function addressOf({ instruction, operands }: Step): Expression {
  return plus(operands[0]!, instruction.value)
}

export function wordKey(memory: number, address: Expression): string | undefined {
  const key = keyOf(address)
  return key === undefined ? undefined : `${memory} ${key}`
}

function kindOf({ instruction: { code }, operands }: Step): TouchKind | undefined {
  if (code === opcode.notify) return 'notify'
  if (code === opcode.wait32 || code === opcode.wait64) return 'wait'
  if ((code >= 0xfe17 && code <= 0xfe1d) || (code >= 0x36 && code <= 0x3e)) return 'store'
  if (code >= 0xfe41 && code <= 0xfe4e) return isMark(operands.at(-1)!) ? 'swap' : 'count'
  return code >= 0xfe1e && code <= 0xfe40 ? 'count' : undefined
}

/** A constant but zero, or the id of an owner: not what was worked out from the word's old value. */
function isMark(value: Expression): boolean {
  return value.kind === 'number' ? value.value !== 0 : value.kind === 'parameter' || value.kind === 'load'
}
