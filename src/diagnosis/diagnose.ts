import type { Snapshot, Thread } from '../snapshot/model.ts'
import {
  type Diagnosis,
  type Finding,
  type ProcessVerdict,
  statuses,
  type ThreadVerdict,
} from './diagnosis.ts'
import { busyLoop } from './findings/busy-loop.ts'
import { closedSetFinding } from './findings/closed-set-finding.ts'
import { nobodyLeft, sleepers } from './findings/lost-wakeup.ts'
import { nativeBlock } from './findings/native-block.ts'
import { orphanedLock } from './findings/orphaned-lock.ts'
import { spinWait } from './findings/spin-wait.ts'
import { withWaiting } from './findings/waiting-behind.ts'
import { findJobWaits } from './job-waits.ts'
import { overallVerdict } from './overall-verdict.ts'
import { type LostResource, type Reduction, reduceTwice } from './reduction.ts'
import { buildRoster, type Roster } from './roster.ts'
import { lastLook } from './stay.ts'
import { type Judged, judge } from './thread-verdict.ts'
import { findVictims } from './victims.ts'

/** So many resources without a giver are told one by one. */
const mostLost = 50

/** Works out who waits for what, who can never go on, and the verdict. Pure and synchronous. */
export function diagnose(snapshot: Snapshot): Diagnosis {
  const roster = buildRoster(snapshot)
  const reduction = reduceTwice(snapshot, roster)
  const jobWaits = findJobWaits(snapshot, reduction)
  const hangs = [...closedSets(reduction, roster), ...lostWakeups(snapshot, reduction, roster, jobWaits)]

  const stuck = new Map<string, Finding>()
  for (const finding of hangs)
    for (const party of [...finding.parties, ...finding.victims])
      if (!stuck.has(party)) stuck.set(party, finding)
  // A thread is as badly off as its tasks.
  for (const [party, finding] of [...stuck]) {
    const thread = roster.threadOf(party)?.id
    if (thread !== undefined && !stuck.has(thread)) stuck.set(thread, finding)
  }

  const evidence = { reduction, roster, stuck, jobWaits }
  const judged = snapshot.processes.map(({ threads, runtime }) => {
    const native = runtime.name === 'other' ? threads.filter(({ id }) => stuck.has(id)) : []
    return [...scripted(threads), ...native].map(thread => judge(thread, evidence))
  })
  const findings = [
    ...hangs,
    ...judged
      .flat()
      .flatMap(verdict => threadFinding(verdict, reduction, roster))
      .map(finding => withWaiting(finding, judged.flat(), roster)),
  ].sort((a, b) => severity(a) - severity(b))

  const threads = judged
    .flat()
    .map(({ thread, status, summary, chain }): ThreadVerdict => ({ thread, status, summary, chain }))
  const processes = snapshot.processes.map(
    ({ id }, at): ProcessVerdict => ({ process: id, ...overallVerdict(judged[at]!, findings, roster) }),
  )
  return { verdict: overallVerdict(threads, findings, roster), findings, processes, threads }
}

/** The threads that run JavaScript, main first. */
function scripted(threads: readonly Thread[]): readonly Thread[] {
  return threads.filter(({ role }) => role === 'main' || role === 'worker')
}

function closedSets(reduction: Reduction, roster: Roster): readonly Finding[] {
  const { sets, lost, blocked, graph } = reduction
  const roots = [...sets.map(({ nodes }) => nodes), ...lost.map(({ node }) => [node])]
  const victims = findVictims(roots, blocked, graph)
  return [
    ...sets.map((set, at) => closedSetFinding(set, victims[at]!, roster)),
    ...lost.slice(0, mostLost).flatMap((resource, at) => {
      const waiters = waitersFor(resource, reduction)
      const behind = victims[sets.length + at]!.filter(party => !waiters.includes(party))
      const finding =
        orphanedLock(resource, waiters, behind, reduction, roster) ??
        nobodyLeft(resource, waiters, behind, reduction, roster)
      return finding ? [finding] : []
    }),
  ]
}

function waitersFor({ resource }: LostResource, { blocked, graph }: Reduction): readonly string[] {
  const { ask, party } = graph.conditions.leaves
  const asking = Array.from(blocked.unmet).filter(leaf => ask[leaf]!.resource === resource.resource.id)
  return [...new Set(asking.map(leaf => graph.parties[party[leaf]!]!))]
}

function lostWakeups(
  snapshot: Snapshot,
  reduction: Reduction,
  roster: Roster,
  jobWaits: ReadonlySet<string>,
): readonly Finding[] {
  return snapshot.processes.flatMap(({ threads }) =>
    sleepers(scripted(threads), reduction, roster, thread => {
      const idle = thread.looks.every(({ activity }) => activity.kind === 'event-loop')
      return (
        !idle &&
        !jobWaits.has(thread.id) &&
        reduction.suspicion.live[reduction.graph.partyNumber.get(thread.id)!] === 1
      )
    }),
  )
}

function threadFinding(verdict: Judged, reduction: Reduction, roster: Roster): readonly Finding[] {
  const thread = roster.thread(verdict.thread)
  if (!thread || !lastLook(thread)) return []
  if (verdict.native) return [nativeBlock(thread, roster)]
  const { still } = verdict
  return still ? [spinWait(thread, still, reduction, roster) ?? busyLoop(thread, still, roster)] : []
}

function severity({ status }: Finding): number {
  return status === null ? statuses.length : statuses.indexOf(status)
}
