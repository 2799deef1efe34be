/** The words that threads in waits of WebAssembly sleep on, as the stacks of these threads have them. */
import type { SleptOn } from '../locks/recognise.ts'
import type { ThreadStack } from '../memory/stack-functions.ts'
import { readThreadStacks } from '../memory/thread-stack.ts'
import type { Target } from '../process/target.ts'
import { isUnknown, type Unknown } from '../snapshot/model.ts'

/** By party. */
export function wordsSleptOn(
  { pid, executable }: Target,
  threads: ReadonlyMap<string, number>,
): ReadonlyMap<string, SleptOn> {
  const stacks = readThreadStacks(pid, [...threads.values()], executable)
  return wordsOf([...threads].map(([party, tid]) => ({ party, stack: stacks.get(tid) })))
}

/** The same of stacks that were read. */
export function wordsOf(
  threads: readonly { readonly party: string; readonly stack: ThreadStack | Unknown | undefined }[],
): ReadonlyMap<string, SleptOn> {
  return new Map(
    threads.flatMap(({ party, stack }) => {
      const word = stack === undefined || isUnknown(stack) ? undefined : stack.wasmWord
      return word === undefined ? [] : [[party, [{ byte: word.byte, value: word.value }]] as const]
    }),
  )
}
