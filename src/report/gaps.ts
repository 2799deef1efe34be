/** What could not be seen, each thing told once: of several processes with those that it is about. */
import { processName } from '../diagnosis/roster.ts'
import type { Gap, Snapshot } from '../snapshot/model.ts'

export interface ToldGap extends Omit<Gap, 'thread'> {
  /** `process 4242: `, `processes 4242 and 4711: `; empty where there is one process only. */
  readonly of: string
}

export function toldGaps({ processes }: Snapshot): readonly ToldGap[] {
  const told = new Map<string, { readonly gap: Gap; readonly pids: Set<string> }>()
  for (const process of processes)
    for (const gap of process.gaps) {
      const key = JSON.stringify([gap.what, gap.reason, gap.remedy])
      const known = told.get(key) ?? { gap, pids: new Set<string>() }
      told.set(key, known)
      known.pids.add(processName(process)!)
    }
  return [...told.values()].map(({ gap: { what, reason, remedy }, pids }) => ({
    of: processes.length > 1 ? `${named([...pids])}: ` : '',
    what,
    reason,
    remedy,
  }))
}

const MOST = 6

function named(pids: readonly string[]): string {
  if (pids.length === 1) return `process ${pids[0]}`
  if (pids.length > MOST) return `${pids.length} processes, one of them ${pids[0]}`
  return `processes ${pids.slice(0, -1).join(', ')} and ${pids.at(-1)}`
}
