/** What stood and what moved between snapshots of the same process. */
import { isUnknown, type Snapshot, type Thread } from '../snapshot/model.ts'
import { doing } from './doing.ts'
import { buildRoster, processName } from './roster.ts'
import { lastLook, sameFrames } from './stay.ts'

export interface Timeline {
  /** `p4242`. */
  readonly process: string
  /** `4242`. */
  readonly name: string
  /** When each snapshot was taken, oldest first. */
  readonly times: readonly string[]
  readonly threads: readonly ThreadTimeline[]
}

export interface ThreadTimeline {
  readonly thread: string
  readonly name: string
  /** What it did in each snapshot; undefined where it was not there. */
  readonly moments: readonly (string | undefined)[]
  /** In all snapshots on one stack, and not merely in its event loop. */
  readonly stood: boolean
  /** CPU time that it used from the first snapshot to the last, where the kernel was asked. */
  readonly cpuMs: number | undefined
}

/** One for each process that several snapshots show, oldest first; only threads that run JavaScript. */
export function timelines(snapshots: readonly Snapshot[]): readonly Timeline[] {
  const ids = new Set(snapshots.flatMap(({ processes }) => processes.map(({ id }) => id)))
  return [...ids].flatMap(process => {
    const showing = snapshots.filter(({ processes }) => processes.some(({ id }) => id === process))
    return showing.length < 2 ? [] : [timelineOf(process, showing)]
  })
}

function timelineOf(process: string, snapshots: readonly Snapshot[]): Timeline {
  const views = snapshots.map(snapshot => {
    const roster = buildRoster(snapshot)
    const seen = snapshot.processes.find(({ id }) => id === process)!
    return { roster, seen, threads: new Map(seen.threads.map(thread => [thread.id, thread])) }
  })
  const ids = new Set(views.flatMap(({ threads }) => [...threads.keys()]))
  const threads = [...ids].flatMap((id): ThreadTimeline[] => {
    const shown = views.map(({ threads: all }) => all.get(id))
    const there = shown.filter(thread => thread !== undefined)
    if (there.every(({ threadId }) => threadId === null)) return []
    const last = views.findLast(({ threads: all }) => all.has(id))!
    return [
      {
        thread: id,
        name: last.roster.name(id),
        moments: shown.map((thread, at) => thread && doing(thread, views[at]!.seen)),
        stood: there.length === shown.length && stands(there),
        cpuMs: cpuOf(there),
      },
    ]
  })
  return {
    process,
    name: processName(views.at(-1)!.seen)!,
    times: snapshots.map(({ capturedAt }) => capturedAt),
    threads,
  }
}

function stands(threads: readonly Thread[]): boolean {
  const looks = threads.map(lastLook)
  const [first, ...others] = looks
  if (!first || first.frames.length === 0) return false
  return others.every(look => look !== undefined && sameFrames(first.frames, look.frames))
}

function cpuOf(threads: readonly Thread[]): number | undefined {
  const times = [threads[0], threads.at(-1)].map(thread => thread && lastLook(thread)?.kernel)
  const [from, to] = times
  if (!from || !to || isUnknown(from) || isUnknown(to)) return undefined
  return Math.max(0, to.cpuMs - from.cpuMs)
}
