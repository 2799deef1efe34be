/** Looks at threads that run and answer nobody: each stops the process for some milliseconds, and only because that was allowed. */
import { sameProcess, type Target } from '../process/target.ts'
import { type Frame, isUnknown, type Thread, type Unknown } from '../snapshot/model.ts'
import { type Clock, sleep } from './clock.ts'
import { lookAtKernel } from './look.ts'
import type { MemoryFrames } from './memory-frames.ts'
import { type CaptureOptions, DEFAULT_LOOKS, LONGEST_CALL_MS } from './options.ts'
import { outsideLook, runsOn } from './process-record.ts'

export interface StoppedLooks {
  readonly threads: readonly Thread[]
  /** The longest time that the process stood still, milliseconds. */
  readonly pausedMs: number
  /** Why nothing was read. */
  readonly failure: string | undefined
}

/** Threads that run JavaScript, as far as is known, and of which no stack is known: these are looked at anew. */
export function runsUnseen({ role, looks, loop }: Thread): boolean {
  const last = looks.at(-1)
  const scripted = role === 'main' || role === 'worker'
  return scripted && loop === undefined && last !== undefined && runsOn(last) && last.frames.length === 0
}

/** The threads, with new looks at those that run unseen. */
export async function withStoppedLooks(
  target: Target,
  threads: readonly Thread[],
  memory: MemoryFrames,
  options: CaptureOptions,
  clock: Clock,
): Promise<StoppedLooks> {
  const { pid, runtime } = target
  const asked = threads.filter(runsUnseen)
  const tids = asked.flatMap(({ tid }) => (isUnknown(tid) ? [] : [tid]))
  const looks = new Map<number, Thread['looks'][number][]>(tids.map(tid => [tid, []]))
  let pausedMs = 0
  let failure: string | undefined
  for (let count = 0; count < (options.looks ?? DEFAULT_LOOKS) && failure === undefined; count += 1) {
    // One that comes to its loop meanwhile gets on.
    if (count > 0) await sleep(clock.limit(Math.max(LONGEST_CALL_MS, options.betweenLooksMs ?? 0)))
    sameProcess(target)
    const [at, kernel] = [clock.now, lookAtKernel(pid, runtime.arch)]
    const turns = tids.includes(pid) ? await memory.loopTurns() : undefined
    const stopped = await memory.stopping(tids)
    if (isUnknown(stopped)) {
      failure = stopped.unknown
      break
    }
    pausedMs = Math.max(pausedMs, stopped.pausedMs)
    failure = [...stopped.value.values()].find(isUnknown)?.unknown
    for (const [tid, own] of looks) {
      const look = lookWith(at, kernel.get(tid), stopped.value.get(tid))
      own.push(tid === pid && turns !== undefined ? { ...look, loopTurns: turns } : look)
    }
  }
  const seen = failure === undefined && tids.length > 0
  return {
    threads: seen
      ? threads.map(thread => {
          const own = isUnknown(thread.tid) ? undefined : looks.get(thread.tid)
          return own === undefined
            ? thread
            : { ...thread, seenBy: [...new Set([...thread.seenBy, 'memory' as const])], looks: own }
        })
      : threads,
    pausedMs,
    failure,
  }

  function lookWith(
    at: number,
    kernel: Parameters<typeof outsideLook>[2],
    frames: readonly Frame[] | Unknown | undefined,
  ) {
    const look = outsideLook(target, at, kernel)
    return frames === undefined || isUnknown(frames) ? look : { ...look, frames: [...frames] }
  }
}
