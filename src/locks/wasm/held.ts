/** Which words a frame has locked, by its module's code: taken on the way to where it stands, to be given back behind. */
import type { Expression } from './expression.ts'
import type { FunctionCode } from './function-code.ts'
import type { ModuleCode, Touch, TouchKind } from './touches.ts'

export interface HeldWord {
  readonly memory: number
  readonly address: Expression
  /** The offset in the module of the instruction, or of the call, that took it. */
  readonly takenAt: number
}

/**
 * A lock is taken by an exchange and a wait on one word, and given back by a write or a wake-up for that word. Believed is only
 * what the frame passed for sure, did not give back before `position`, and gives back after it: a counter that is
 * consumed, or a lock that another thread gives back, is none.
 */
export function heldWords(module: ModuleCode, index: number, position: number): readonly HeldWord[] {
  const code = module.code(index)
  if (code === undefined) return []
  const touches = withoutBalanced(module.touches(index))
  return [...byKey(touches).values()].flatMap(word => {
    const before = word.filter(({ number }) => number < position)
    const swap = before.find(({ kind }) => kind === 'swap')
    const wait = before.findLast(({ kind }) => kind === 'wait')
    if (swap === undefined || wait === undefined) return []
    const tries = !takesItself(wait, touches) && code.innermostLoop(wait.number)
    if (tries && tries.from <= position && position <= tries.to) return []
    if (!code.isOnTheWay(swap.number, position)) return []
    const gives = word.filter(({ kind, number }) => isGivingBack(kind) && number > wait.number)
    if (gives.some(({ number }) => number < position && !code.isAside(number, position))) return []
    if (!gives.some(({ number }) => number > position)) return []
    const taking = wait.through === undefined ? swap : wait
    return [{ memory: swap.memory, address: swap.address, takenAt: offsetOf(code, taking) }]
  })
}

function isGivingBack(kind: TouchKind): boolean {
  return kind === 'notify' || kind === 'store' || kind === 'count'
}

function offsetOf(code: FunctionCode, { number }: Touch): number {
  return code.instructions[number]!.at
}

/** The function called has the whole acquire in it: a loop around the call is none that tries again. */
function takesItself(wait: Touch, touches: readonly Touch[]): boolean {
  return (
    wait.through !== undefined &&
    touches.some(({ kind, number, key }) => kind === 'swap' && number === wait.number && key === wait.key)
  )
}

/** Without the calls that take a word and give it back. */
function withoutBalanced(touches: readonly Touch[]): readonly Touch[] {
  const of = (touch: Touch) => `${touch.number} ${touch.key}`
  const calls = touches.filter(({ through }) => through !== undefined)
  const waking = new Set(calls.filter(({ kind }) => isGivingBack(kind)).map(of))
  const waiting = new Set(calls.filter(({ kind }) => kind === 'wait').map(of))
  return touches.filter(touch => !(waking.has(of(touch)) && waiting.has(of(touch))))
}

function byKey(touches: readonly Touch[]): ReadonlyMap<string, readonly Touch[]> {
  const words = new Map<string, Touch[]>()
  for (const touch of touches) {
    if (touch.key === undefined) continue
    const word = words.get(touch.key)
    if (word) word.push(touch)
    else words.set(touch.key, [touch])
  }
  return words
}
