import type { Wait } from '../../snapshot/model.ts'
import type { ClosedSet } from '../closed-set.ts'
import { frameText } from '../frame-text.ts'
import { counted, type Roster } from '../roster.ts'
import { lastLook } from '../stay.ts'
import type { SetKind } from './set-kind.ts'
import { stranded } from './stranded.ts'

/** All workers of a pool wait inside of a job for something that comes into being: none is left to run another job. */
export const poolExhaustion: SetKind = {
  kind: 'exhaustion',
  matches: (set, roster) => stranded.matches(set, roster) && inJobs(set, roster).length > 0,

  title: (set, roster) => {
    const { length } = inJobs(set, roster)
    const seem = set.proved ? '' : 'seem to '
    return length === 1
      ? `the only worker of a pool ${set.proved ? 'waits' : 'seems to wait'} inside of a job, and none is left to run another`
      : `all ${length} workers of a pool ${seem}wait inside of a job, and none is left to run another`
  },

  explain: (set, roster) => {
    const waits = inJobs(set, roster)
    const [loop] = waits.flatMap(wait => loopText(wait, roster) ?? [])
    return [
      stranded.explain(set, roster),
      ...(loop
        ? [
            `${waits.length === 1 ? 'Its jobs are' : `Jobs of these ${counted(waits.length, 'worker')} are`} taken in ${loop}, which goes on only when the job at hand is done.`,
          ]
        : []),
    ].join('\n')
  },

  advise: () =>
    'never block in a job until another job of the same pool is done: await it, run it in place, or give such jobs a pool of their own',
}

/** The waits inside of jobs, when all workers of the set that are parked are inside of one, and of one pool. */
function inJobs({ parties, waits }: ClosedSet, roster: Roster): readonly Wait[] {
  const workers = parties.filter(party => {
    const thread = roster.thread(party)
    return thread?.role === 'worker' && lastLook(thread)?.activity.kind === 'parked'
  })
  const own = workers.map(party => waits.find(wait => wait.party === party))
  const jobs = own.filter(wait => wait?.jobLoop !== undefined) as Wait[]
  const loops = new Set(jobs.map(wait => loopFunction(wait, roster)))
  return jobs.length === workers.length && loops.size === 1 ? jobs : []
}

function loopFrame({ party, jobLoop }: Wait, roster: Roster) {
  const thread = roster.thread(party)
  return thread && jobLoop !== undefined ? lastLook(thread)?.frames[jobLoop] : undefined
}

function loopFunction(wait: Wait, roster: Roster): string {
  const frame = loopFrame(wait, roster)
  return JSON.stringify([frame?.file, frame?.function])
}

function loopText(wait: Wait, roster: Roster): string | undefined {
  const frame = loopFrame(wait, roster)
  return frame && frameText(frame, roster.processOf(wait.party))
}
