/** What could not be seen, each once. */
import { counted, list, threadName } from '../diagnosis/roster.ts'
import type { Gap, Process } from '../snapshot/model.ts'

/** As many threads are named; more are counted. */
const MOST_NAMED = 3

/** The gaps of all processes; those that say the same of several threads are one, which names the threads. */
export function gapsOf(processes: readonly Process[]): readonly Pick<Gap, 'what' | 'reason' | 'remedy'>[] {
  const joined = new Map<string, { readonly gap: Gap; readonly threads: Set<string> }>()
  for (const { id, threads, gaps } of processes)
    for (const gap of gaps) {
      const key = JSON.stringify([id, gap.what, gap.reason, gap.remedy])
      const same = joined.get(key) ?? { gap, threads: new Set() }
      const thread = threads.find(one => one.id === gap.thread)
      if (thread !== undefined) same.threads.add(threadName(thread))
      joined.set(key, same)
    }
  return [...joined.values()].map(({ gap: { what, reason, remedy }, threads }) => ({
    what: threads.size < 2 ? what : `${what} of ${named([...threads])}`,
    reason,
    remedy,
  }))
}

function named(threads: readonly string[]): string {
  return threads.length > MOST_NAMED ? counted(threads.length, 'thread') : list(threads)
}
