/**
 * The kernel threads of workers that spin: one that never sleeps cannot be told by how often it does, and may have been
 * taken for one of Node's own. It is the one that spends CPU time.
 */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { KernelThread } from '../process/threads.ts'
import type { KernelIds } from './kernel-threads.ts'
import type { Look } from './look.ts'

export function withRunning(
  ids: KernelIds,
  spinning: readonly InspectedThread[],
  looks: readonly Look[],
): KernelIds {
  const [first, last] = [looks[0]?.kernel, looks.at(-1)?.kernel]
  if (!first || !last) return ids
  const worked = ({ tid, view }: KernelThread) => view.cpuMs > (first.get(tid)?.view.cpuMs ?? view.cpuMs)
  const wrong = spinning.filter(({ threadId }) => {
    const tid = ids.get(threadId)
    const seen = typeof tid === 'number' ? last.get(tid) : undefined
    return threadId !== 0 && (seen === undefined || !worked(seen))
  })
  if (wrong.length === 0) return ids
  const others = new Set([...ids].flatMap(([id, tid]) => (wrong.some(one => one.threadId === id) ? [] : tid)))
  const busy = [...last.values()].filter(
    thread => thread.mayBeWorker && thread.role !== 'main' && !others.has(thread.tid) && worked(thread),
  )
  const found = wrong.length === 1 && busy.length === 1 ? busy[0]!.tid : undefined
  return new Map([
    ...ids,
    ...wrong.map(
      ({ threadId }) =>
        [threadId, found ?? { unknown: 'it does not sleep: nothing tells it from the others' }] as const,
    ),
  ])
}
