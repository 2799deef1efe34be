import { readlinkSync } from 'node:fs'
import { type Memory, PagedMemory } from '../../src/memory/memory.ts'
import type { ThreadStack } from '../../src/memory/stack-functions.ts'
import { readThreadStack, restMark } from '../../src/memory/thread-stack.ts'
import { isUnknown, type Unknown } from '../../src/snapshot/model.ts'
import type { Random } from '../property/random.ts'
import type { Fixture } from '../support/spawn-fixture.ts'

/** The stack of a program's main thread, once it stands still and `isThere` holds of it. */
export async function stackOf(
  { pid }: Fixture,
  isThere: (stack: ThreadStack) => boolean,
  deadlineMs = 10_000,
): Promise<ThreadStack> {
  const end = Date.now() + deadlineMs
  for (;;) {
    const mark = restMark(pid, pid)
    const stack = scriptsOf(readThreadStack(pid, pid, readlinkSync(`/proc/${pid}/exe`)))
    const rested = mark !== undefined && mark === restMark(pid, pid)
    if (rested && 'functions' in stack && isThere(stack)) return stack
    if (Date.now() > end) throw new Error(`no such stack: ${JSON.stringify(stack)}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Without the native functions. */
export function scriptsOf(stack: ThreadStack | Unknown): ThreadStack | Unknown {
  if (isUnknown(stack)) return stack
  return { ...stack, functions: stack.functions.filter(({ kind }) => kind !== 'native') }
}

/** `name file:line:column` of the program's own functions. */
export function ownPlaces({ functions }: ThreadStack): readonly string[] {
  return functions
    .filter(({ script }) => script?.url?.startsWith('node:') !== true)
    .map(({ function: name, script, line, column }) => {
      const file = script?.url?.split('/').at(-1) ?? '?'
      return `${name === '' ? '(anonymous)' : name} ${file}:${line}:${column}`
    })
}

/** Bits of what is read are flipped: `rate` of them in each page, about. */
export class DamagedMemory extends PagedMemory {
  readonly #memory: Memory
  readonly #random: Random
  readonly #rate: number

  constructor(memory: Memory, random: Random, rate: number) {
    super(64 * 2 ** 20)
    this.#memory = memory
    this.#random = random
    this.#rate = rate
  }

  protected override fill(address: number, into: Buffer): boolean {
    const bytes = this.#memory.bytes(address, into.length)
    if (bytes === undefined) return false
    bytes.copy(into)
    const flips = Math.floor((into.length / 4096) * this.#rate * this.#random.next() * 2)
    for (let count = 0; count < flips; count++) {
      const at = this.#random.between(0, into.length - 1)
      into[at] = into[at]! ^ (1 << this.#random.between(0, 7))
    }
    return true
  }
}
