/**
 * The consistent cut: threads are looked at one after the other, so that two equal looks prove little. What proves is
 * that a thread's context switches did not change through one interval common to all: then it never left its wait.
 */
import { type Switches, switches } from '../process/threads.ts'

export interface Interval {
  readonly from: number
  readonly to: number
}

/** Starts an interval; the answer, when called, gives the threads that stayed asleep since. */
export function beginInterval(
  pid: number,
  tids: readonly number[],
  now: () => number,
): () => ReadonlyMap<number, Interval> {
  const before = switches(pid, tids)
  const from = now()
  return () => {
    const to = now()
    const after = switches(pid, tids)
    const same = (one: Switches | undefined, other: Switches | undefined) =>
      one !== undefined &&
      other !== undefined &&
      one.voluntary === other.voluntary &&
      one.involuntary === other.involuntary
    return new Map(tids.filter(tid => same(before.get(tid), after.get(tid))).map(tid => [tid, { from, to }]))
  }
}
