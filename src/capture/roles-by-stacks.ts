/** Threads that neither their names nor the size of their stacks tell apart, as the functions on their stacks tell them: which run JavaScript. */

import { roleByStack } from '../process/thread-roles.ts'
import type { KernelThread } from '../process/threads.ts'
import { isUnknown, type Thread } from '../snapshot/model.ts'
import type { MemoryFrames } from './memory-frames.ts'

/** The threads with the roles that are known then, and those of them that may still run JavaScript although they are no known workers. */
export async function withRolesByStacks(
  threads: readonly Thread[],
  kernel: ReadonlyMap<number, KernelThread>,
  memory: MemoryFrames,
): Promise<{ readonly threads: readonly Thread[]; readonly unsure: ReadonlySet<string> }> {
  const seen = ({ tid }: Thread) => (isUnknown(tid) ? undefined : kernel.get(tid))
  const open = threads.filter(thread => {
    const known = seen(thread)
    return known?.mayBeWorker === true && !known.sure
  })
  await memory.ofAll(open.map(thread => seen(thread)!.tid))
  const roles = new Map(open.map(thread => [thread.id, byStack(seen(thread)!.tid)]))
  return {
    threads: threads.map(thread => {
      const role = roles.get(thread.id)
      return role === undefined ? thread : { ...thread, role }
    }),
    unsure: new Set(
      open.flatMap(({ id, role }) => (roles.get(id) === undefined && role !== 'worker' ? id : [])),
    ),
  }

  function byStack(tid: number): Thread['role'] | undefined {
    const stack = memory.restingStack(tid)
    if (stack === undefined) return undefined
    const role = roleByStack({ isMain: false, blocked: 0n, functions: stack.functions })
    return role === 'other' ? undefined : role
  }
}
