/** The words that threads in waits of WebAssembly may sleep on, as the native stacks of these threads have them. */

import type { SleptOn } from '../locks/recognise.ts'
import { AddressMap } from '../memory/address-map.ts'
import { readThreadStacks } from '../memory/thread-stack.ts'
import { moduleMemories } from '../memory/wasm-wait.ts'
import { textOf } from '../process/proc.ts'
import type { Target } from '../process/target.ts'
import { isUnknown } from '../snapshot/model.ts'

/**
 * By party. Nothing where a process has several memories: which of them a word belongs to is not told by its address alone.
 */
export function wordsSleptOn(
  { pid, executable }: Target,
  threads: ReadonlyMap<string, number>,
): ReadonlyMap<string, SleptOn> {
  const maps = textOf(`/proc/${pid}/maps`)
  if (!maps || moduleMemories(new AddressMap(maps)) !== 1) return new Map()
  const stacks = readThreadStacks(pid, [...threads.values()], executable)
  return new Map(
    [...threads].flatMap(([party, tid]) => {
      const stack = stacks.get(tid)
      const words = stack === undefined || isUnknown(stack) ? undefined : stack.wasmWords
      return words === undefined ? [] : [[party, words] as const]
    }),
  )
}
