/** The threads that run JavaScript, and those of other programs that the graph names; those of one stack together. */
import { type Diagnosis, type Status, statuses } from '../../diagnosis/diagnosis.ts'
import { lastLook } from '../../diagnosis/stay.ts'
import type { Frame, Process, Snapshot, Thread } from '../../snapshot/model.ts'

export interface ThreadGroup {
  readonly process: Process
  readonly status: Status
  readonly threads: readonly Thread[]
  /** Of all of them, in the last look. */
  readonly frames: readonly Frame[]
  readonly blame: 'blamed' | 'victim' | 'none'
}

/** The blamed first, then by how bad it is, as the diagnosis found them. */
export function groupThreads(snapshot: Snapshot, diagnosis: Diagnosis): readonly ThreadGroup[] {
  const threadIn = (party: string) => party.split('/', 2).join('/')
  const blamed = new Set(diagnosis.findings.flatMap(({ parties }) => parties.map(threadIn)))
  const victims = new Set(diagnosis.findings.flatMap(({ victims }) => victims.map(threadIn)))
  const verdicts = new Map(diagnosis.threads.map(({ thread, status }) => [thread, status]))
  const named = new Set(
    [...snapshot.waits, ...snapshot.holds, ...snapshot.productions].map(({ party }) => party),
  )
  const groups = new Map<string, ThreadGroup & { readonly threads: Thread[] }>()
  for (const process of snapshot.processes)
    for (const thread of process.threads) {
      const scripted = thread.role === 'main' || thread.role === 'worker'
      if (!scripted && !named.has(thread.id)) continue
      const frames = lastLook(thread)?.frames ?? []
      const status = verdicts.get(thread.id) ?? (scripted ? 'healthy' : 'idle')
      const blame = blamed.has(thread.id) ? 'blamed' : victims.has(thread.id) ? 'victim' : 'none'
      const activity = frames.length === 0 ? lastLook(thread)?.activity.kind : ''
      const key = JSON.stringify([process.id, status, blame, activity, frames.map(placeOf)])
      const group = groups.get(key)
      if (group) group.threads.push(thread)
      else groups.set(key, { process, status, blame, frames, threads: [thread] })
    }
  const order = { blamed: 0, victim: 1, none: 2 }
  return [...groups.values()].sort(
    (a, b) => order[a.blame] - order[b.blame] || statuses.indexOf(a.status) - statuses.indexOf(b.status),
  )
}

function placeOf({ function: name, class: owner, file, line, column }: Frame): unknown {
  return [name, owner, file, line, column]
}

/** The id of a thread's element: letters, digits and `-`. */
export function anchor(thread: string): string {
  return thread.replace(/[^\w]/g, '-')
}
