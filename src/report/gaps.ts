/** What could not be seen, each thing told once: of several processes with those that it is about. */
import type { Gap, Snapshot } from '../snapshot/model.ts'

export interface ToldGap extends Omit<Gap, 'thread'> {
  /** `process 4242: `, `processes 4242 and 4711: `; empty where there is one process only. */
  readonly of: string
}

export function toldGaps({ processes }: Snapshot): readonly ToldGap[] {
  const told = new Map<string, { readonly gap: Gap; readonly pids: Set<number> }>()
  for (const { pid, gaps } of processes)
    for (const gap of gaps) {
      const key = JSON.stringify([gap.what, gap.reason, gap.remedy])
      const known = told.get(key) ?? { gap, pids: new Set<number>() }
      told.set(key, known)
      known.pids.add(pid)
    }
  return [...told.values()].map(({ gap: { what, reason, remedy }, pids }) => ({
    of: processes.length > 1 ? `${named([...pids])}: ` : '',
    what,
    reason,
    remedy,
  }))
}

const MOST = 6

function named(pids: readonly number[]): string {
  if (pids.length === 1) return `process ${pids[0]}`
  if (pids.length > MOST) return `${pids.length} processes, one of them ${pids[0]}`
  return `processes ${pids.slice(0, -1).join(', ')} and ${pids.at(-1)}`
}
