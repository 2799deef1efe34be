/** The calls that the functions of a task await. */
import type { Activation } from '../../heap/graph.ts'
import type { Task } from '../../heap/tasks.ts'
import { isCall, walkOwn } from '../../sources/syntax-tree.ts'
import type { FunctionSource } from './function-sources.ts'
import { type CalledThing, calledThing, type SuspendedCode } from './suspended-code.ts'

export interface WaitingCall {
  readonly activation: Activation
  readonly source: FunctionSource
  readonly call: CalledThing
  /** It stands in the program, not in a package. */
  readonly own: boolean
}

/** From the innermost out to the first of the program's own. */
export function callsOf(
  task: Task,
  codeOf: (activation: Activation) => SuspendedCode | undefined,
): readonly WaitingCall[] {
  const calls: WaitingCall[] = []
  for (const activation of task.activations) {
    const code = codeOf(activation)
    const own = !/node_modules|^node:/.test(activation.code.place?.script ?? 'node:')
    if (code !== undefined) {
      const { source, awaited, suspension } = code
      if (awaited !== undefined) calls.push({ activation, source, call: awaited, own })
      // `Promise.all([a.acquire(), b.acquire()])`
      for (const node of walkOwn(suspension)) {
        const call = isCall(node) ? calledThing(node) : undefined
        if (call !== undefined && call.node === node && node !== awaited?.node)
          calls.push({ activation, source, call, own })
      }
    }
    // A hand-written lock is of the program's own too: what calls it is one further out.
    if (own && code?.awaited !== undefined && code.awaited.target.type !== 'ThisExpression') break
    if (calls.length > 12) break
  }
  return calls
}
