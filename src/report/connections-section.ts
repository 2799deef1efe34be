/** Which of several processes are joined by TCP: seen from both ends, also on different machines. */
import { processName } from '../diagnosis/roster.ts'
import type { Process, Snapshot } from '../snapshot/model.ts'
import type { Style } from './style.ts'

/** More are counted only. */
const MOST = 20

/** One connection whose two ends are both in the snapshot; the one that was connected to is last, where that shows. */
interface Joined {
  readonly from: Process
  readonly to: Process
  readonly local: string
  readonly peer: string
}

export function connectionsSection({ processes }: Snapshot, style: Style): readonly string[] {
  const joined = joinedBy(processes)
  if (joined.length === 0) return []
  const lines = joined
    .slice(0, MOST)
    .map(({ from, to, local, peer }) => `  ${processName(from)} (${local})  ──  ${processName(to)} (${peer})`)
  const more = joined.length - lines.length
  return [
    style(
      'bold',
      'CONNECTIONS  between these processes; who waits for an answer cannot be seen from outside',
    ),
    ...lines,
    ...(more > 0 ? [`  … ${more} more`] : []),
  ]
}

/** Both ends name the same pair of addresses, the one as its own what is the other's peer. */
function joinedBy(processes: readonly Process[]): readonly Joined[] {
  const ends = new Map<string, Process>()
  for (const process of processes)
    for (const { local, peer } of process.connections) ends.set(`${local} ${peer}`, process)
  const joined: Joined[] = []
  const told = new Set<string>()
  for (const from of processes)
    for (const { local, peer } of from.connections) {
      const to = ends.get(`${peer} ${local}`)
      if (to === undefined || to === from || told.has(`${peer} ${local}`)) continue
      told.add(`${local} ${peer}`)
      // The higher port is the one that the kernel chose, for the side that connected.
      const end = { from, to, local, peer }
      joined.push(portOf(local) >= portOf(peer) ? end : { from: to, to: from, local: peer, peer: local })
    }
  return joined
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
