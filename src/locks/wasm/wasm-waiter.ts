/** A thread that is parked by WebAssembly: in which instruction, for which word of which memory, and whether to lock it. */
import type { Frame } from '../../snapshot/model.ts'
import type { Word } from '../../snapshot/question.ts'
import { waitAt } from '../../sources/wasm/instructions.ts'
import { dependsOnCaller, type Expression, unknownValue } from './expression.ts'
import { addressOf, wordKey } from './touches.ts'
import type { WasmFrame, WasmStack } from './wasm-stack.ts'

/** Words of the module's memory, one of which a thread sleeps on. */
export type SleptOn = readonly { readonly byte: number; readonly value: number }[]

export interface WasmWaiter {
  readonly party: string
  readonly instruction: 'memory.atomic.wait32' | 'memory.atomic.wait64'
  /** The offset in the module. */
  readonly offset: number
  /** Index in the stack of the frame that asks, as a reader sees it. */
  readonly asking: number
  /** Index in the stack of the frame whose function takes the word; undefined for a wait for something else. */
  readonly acquiring: number | undefined
  readonly at: Frame
  /** Nanoseconds, negative for none; undefined where it is not known. */
  readonly timeout: number | undefined
  readonly expected: number | undefined
  /** Where the thread waits for a known address: what stands there. */
  readonly word: Word | undefined
  /** The backing store of the memory, the same text in all threads. */
  readonly buffer: string | undefined
  /** The address is that which the thread's native stack has. */
  readonly byStack: boolean
}

/** Frames of wasm between the wait and the function that takes the lock. */
const mostBetween = 3

/** Undefined for a thread that is not parked by WebAssembly. */
export async function readWasmWaiter(
  party: string,
  top: number,
  stack: WasmStack,
  frames: readonly Frame[],
  sleptOn?: SleptOn,
): Promise<WasmWaiter | undefined> {
  const frame = stack.frames.get(top)
  const offset = frame?.activation.wasmOffset
  const instruction = offset === undefined ? undefined : waitAt(frame!.module.module.bytes, offset)
  if (frame === undefined || offset === undefined || instruction === undefined) return undefined
  const bytes = instruction === 'memory.atomic.wait32' ? 4 : 8
  const { step } = frame
  const memory = step?.instruction.memory ?? 0
  const [, expected = unknownValue, timeout = unknownValue] = step?.operands ?? []
  const address = step ? addressOf(step) : unknownValue
  const acquiring = acquiringFrame(stack, top, memory, address)
  const [told, limit, value] = await Promise.all(
    [address, timeout, expected].map(expression => stack.numberOf(top, expression)),
  )
  // Exactly one that fits is the operand; a code that tells another word is not believed.
  const fitting = sleptOn?.filter(
    one => one.byte % bytes === 0 && (bytes === 8 || value === undefined || one.value === (value | 0)),
  )
  const single = fitting?.length === 1 ? fitting[0]!.byte : undefined
  const contradicts = told !== undefined && sleptOn?.every(one => one.byte !== told >>> 0) === true
  const byte = contradicts ? single : (told ?? single)
  const word = await stack.wordAt(top, memory, byte === undefined ? 0 : byte >>> 0, bytes)
  const taker = acquiring ?? { at: top, address }
  // What the caller chose the word of, it is the caller that waits for.
  const asking = nextOwn(frames, dependsOnCaller(taker.address) ? taker.at + 1 : taker.at) ?? top
  return {
    party,
    instruction,
    offset,
    asking,
    acquiring: acquiring?.at,
    at: frames[asking]!,
    timeout: limit,
    expected: value,
    word: byte === undefined || byte % bytes !== 0 ? undefined : word,
    buffer: word?.buffer,
    byStack: byte !== undefined && byte === single,
  }
}

/** The innermost of the frames around the wait whose function puts its mark into the word that is waited for. */
function acquiringFrame(
  stack: WasmStack,
  top: number,
  memory: number,
  waited: Expression,
): { at: number; address: Expression } | undefined {
  let address = waited
  for (let at = top; at < top + mostBetween; at += 1) {
    const frame: WasmFrame | undefined = stack.frames.get(at)
    const key = wordKey(memory, address)
    if (frame === undefined || key === undefined) return undefined
    const touches = frame.module.touches(frame.index)
    if (touches.some(touch => touch.kind === 'swap' && touch.key === key)) return { at, address }
    if (stack.callerOf(at)?.module !== frame.module) return undefined
    address = stack.inCaller(at, address)
  }
  return undefined
}

/** The first frame from `from` on that is not Node's. */
function nextOwn(frames: readonly Frame[], from: number): number | undefined {
  const at = frames.findIndex(({ owner }, index) => index >= from && owner !== 'node')
  return at < 0 ? undefined : at
}
