/** What could not be seen, each thing told once: of several processes or threads with those that it is about. */
import { counted, list, processName, threadName } from '../diagnosis/roster.ts'
import type { Gap, Snapshot } from '../snapshot/model.ts'

export interface ToldGap extends Omit<Gap, 'thread'> {
  /** `process 4242: `, `processes 4242 and 4711: `; empty where there is one process only. */
  readonly of: string
}

/** As many threads of a process are named, and processes; more are counted. */
const MOST_THREADS = 3
const MOST_PROCESSES = 6

export function toldGaps({ processes }: Snapshot): readonly ToldGap[] {
  const told = new Map<
    string,
    { readonly gap: Gap; readonly pids: Set<string>; readonly threads: Set<string> }
  >()
  for (const process of processes)
    for (const gap of process.gaps) {
      const key = JSON.stringify([gap.what, gap.reason, gap.remedy])
      const known = told.get(key) ?? { gap, pids: new Set<string>(), threads: new Set<string>() }
      told.set(key, known)
      known.pids.add(processName(process)!)
      const thread = process.threads.find(({ id }) => id === gap.thread)
      if (thread !== undefined) known.threads.add(threadName(thread))
    }
  return [...told.values()].map(({ gap: { what, reason, remedy }, pids, threads }) => ({
    of: processes.length > 1 ? `${named([...pids])}: ` : '',
    what: pids.size > 1 || threads.size < 2 ? what : `${what} of ${theThreads([...threads])}`,
    reason,
    remedy,
  }))
}

function theThreads(names: readonly string[]): string {
  return names.length > MOST_THREADS ? counted(names.length, 'thread') : list(names)
}

function named(pids: readonly string[]): string {
  if (pids.length === 1) return `process ${pids[0]}`
  if (pids.length > MOST_PROCESSES) return `${pids.length} processes, one of them ${pids[0]}`
  return `processes ${list(pids)}`
}
