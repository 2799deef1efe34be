/** Since when a tree of processes is quiet. Pure. */
import type { Counters } from './counters.ts'

/**
 * What a process may do and still count as quiet: a timer that wakes it twice a second to look at the clock (undici's,
 * a test runner's) uses less than this.
 */
const allowed = {
  cpu: { once: 30, perSecond: 15 },
  bytes: { once: 512, perSecond: 64 },
  switches: { once: 20, perSecond: 12 },
} as const

/** Told of each reading in its order; says since when nothing has happened. */
export class QuietWatch {
  #from: Counters
  #last: Counters

  constructor(first: Counters) {
    this.#from = first
    this.#last = first
  }

  /** Takes the next reading; gives how long the tree has been quiet, milliseconds. */
  observe(now: Counters): number {
    // Against the beginning of the quiet span, and against the last reading: a burst ends it as steady work does.
    if (isProgress(this.#from, now) || isProgress(this.#last, now)) this.#from = now
    this.#last = now
    return now.at - this.#from.at
  }

  /** Starts a new span: what we did ourselves to the tree is no progress of it. */
  restart(now: Counters): void {
    this.#from = now
    this.#last = now
  }
}

function isProgress(before: Counters, now: Counters): boolean {
  if (before.members !== now.members) return true
  const seconds = (now.at - before.at) / 1000
  const beyond = (used: number, { once, perSecond }: { once: number; perSecond: number }) =>
    used > once + perSecond * seconds
  return (
    beyond(now.cpuMs - before.cpuMs, allowed.cpu) ||
    beyond(now.bytes - before.bytes, allowed.bytes) ||
    beyond(now.switches - before.switches, allowed.switches)
  )
}
