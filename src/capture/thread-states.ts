/** What the kernel and the looks tell of the threads behind the inspector: which stand still, run, or idle. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { readThreadStat } from '../process/stat.ts'
import type { KernelIds } from './kernel-threads.ts'
import type { Look } from './look.ts'
import { hasFrames, stackIn } from './party.ts'

export class ThreadStates {
  /** The kernel's numbers of the workers, by their thread ids. */
  kernelIds: KernelIds = new Map()
  readonly #pid: number
  readonly #threads: readonly InspectedThread[]

  constructor(pid: number, threads: readonly InspectedThread[]) {
    this.#pid = pid
    this.#threads = threads
  }

  /** The kernel's number of a thread, where it is known which one it is. */
  tidOf(thread: InspectedThread): number | undefined {
    const tid = thread.threadId === 0 ? this.#pid : this.kernelIds.get(thread.threadId)
    return typeof tid === 'number' ? tid : undefined
  }

  /** The kernel's numbers of all threads that run JavaScript, as far as they are known. */
  get tids(): ReadonlySet<number> {
    return new Set(this.#threads.flatMap(thread => this.tidOf(thread) ?? []))
  }

  /**
   * Those in JavaScript that were seen off the processor. Announcing its scripts takes a thread 40 ms, which one that
   * works should not lose. The kernel is asked twice, since a parked thread runs while it answers us.
   */
  standingIn(look: Look): readonly InspectedThread[] {
    return this.#threads.filter(thread => {
      if (!hasFrames(look, thread)) return false
      const tid = this.tidOf(thread)
      return tid === undefined || look.kernel.get(tid)?.view.state !== 'R' || !this.#runs(thread)
    })
  }

  /** A parked thread's loop cannot turn; one that runs is asked, even where it is to be paused. */
  runningAmong(threads: ReadonlySet<InspectedThread>): ReadonlySet<InspectedThread> {
    return new Set([...threads].filter(thread => this.#runs(thread)))
  }

  /**
   * It runs, its loop does not turn, and no code of the program was on its stack when it answered: V8 lets a look in
   * between two promise callbacks, a pause stops inside of the next.
   */
  runsBetween(looks: readonly Look[], thread: InspectedThread): boolean {
    const tid = this.tidOf(thread)
    const turns = looks[0] && stackIn(looks[0], thread)?.loopTurns
    if (tid === undefined || turns === undefined || looks.length < 2) return false
    return looks.every(look => {
      const stack = stackIn(look, thread)
      const running = look.kernel.get(tid)?.view.state === 'R'
      return (
        stack?.loopTurns === turns && running && !stack.frames.some(({ url }) => !url.startsWith('node:'))
      )
    })
  }

  /** Those that a look found in their event loop, with their kernel thread ids. */
  idleIn(look: Look): ReadonlyMap<InspectedThread, number> {
    const idle = new Map<InspectedThread, number>()
    for (const thread of this.#threads) {
      const tid = this.tidOf(thread)
      if (tid !== undefined && stackIn(look, thread)?.frames.length === 0) idle.set(thread, tid)
    }
    return idle
  }

  #runs(thread: InspectedThread): boolean {
    const tid = this.tidOf(thread)
    return tid !== undefined && readThreadStat(this.#pid, tid)?.state === 'R'
  }
}
