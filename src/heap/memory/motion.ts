/** Whether threads ran between two moments, by what the scheduler counts for each (proc_pid_status(5), schedstat). */
import { numbersIn, textOf } from '../../process/proc.ts'
import { readThreadStat } from '../../process/stat.ts'
import { switches } from '../../process/threads.ts'
import { isUnknown } from '../../snapshot/model.ts'

/** By thread; undefined for one that runs or could. */
export type Moment = ReadonlyMap<number, string | undefined>

export function momentOf(pid: number): Moment {
  const tids = numbersIn(`/proc/${pid}/task`)
  if (isUnknown(tids)) return new Map()
  const counted = switches(pid, tids)
  return new Map(
    tids.map(tid => {
      const state = readThreadStat(pid, tid)?.state
      const count = counted.get(tid)
      const rests = count !== undefined && state !== undefined && state !== 'R'
      const time = textOf(`/proc/${pid}/task/${tid}/schedstat`)?.trim() ?? ''
      return [tid, rests ? `${count.voluntary} ${count.involuntary} ${time}` : undefined]
    }),
  )
}

/** The threads that did not rest all the time. */
export function movedBetween(before: Moment, after: Moment): ReadonlySet<number> {
  const tids = new Set([...before.keys(), ...after.keys()])
  return new Set([...tids].filter(tid => after.get(tid) === undefined || before.get(tid) !== after.get(tid)))
}
