/** The event loops of idle threads: what can still wake them. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { addonsOf } from '../process/addons.ts'
import { workOfOthers } from '../process/other-threads.ts'
import type { Target } from '../process/target.ts'
import type { EventLoop, LoopSource } from '../snapshot/model.ts'
import type { Clock } from './clock.ts'
import { lookAtKernel } from './look.ts'
import { loopOf } from './process-record.ts'

/** An idle thread answers in a millisecond; on a loaded machine that may be a second. */
const ANSWER_MS = 1500

/** The loops that `idle` wait in now (by the kernel's thread id), with what threads without JavaScript may bring. */
export function idleLoops(
  target: Target,
  idle: ReadonlyMap<InspectedThread, number>,
  scripted: ReadonlySet<number>,
): ReadonlyMap<InspectedThread, EventLoop> {
  const loops = new Map<InspectedThread, EventLoop>()
  if (idle.size === 0) return loops
  const kernel = lookAtKernel(target.pid, target.runtime.arch)
  const others = workOfOthers([...kernel.values()], scripted)
  for (const [thread, tid] of idle) {
    const seen = kernel.get(tid)
    const loop = seen && loopOf(target, seen)
    if (loop) loops.set(thread, { ...loop, sources: [...loop.sources, ...others] })
  }
  return loops
}

/**
 * The same loops, with the signals that the program listens for, and without the timers of V8: these collect garbage and
 * wake no code of the program. The target is asked only where nothing else can wake any loop of it; undefined where it was
 * not. `together`: other processes are looked at too, so that what comes from another process may be theirs.
 */
export async function settledLoops(
  target: Target,
  threads: readonly InspectedThread[],
  loops: ReadonlyMap<InspectedThread, EventLoop>,
  clock: Clock,
  together: boolean,
): Promise<ReadonlyMap<InspectedThread, EventLoop> | undefined> {
  const sources = [...loops.values()].flatMap(loop => loop.sources)
  const asleep = [...loops.values()].every(({ complete }) => complete)
  const mayBeOurs = (source: LoopSource) =>
    together && (source.fd ?? source.pid) !== undefined && source.kind !== 'server'
  const wakes = (source: LoopSource) => source.outside && !mayBeV8s(source) && !mayBeOurs(source)
  if (loops.size === 0 || !asleep || sources.some(wakes)) return undefined
  const { countTimers, scriptsMention, signalListeners } = await import('../inspector/idle-thread.ts')
  const settled = new Map<InspectedThread, EventLoop>()
  const addons = addonsOf(target.pid)
  await Promise.all(
    [...loops].map(async ([thread, loop]) => {
      const limit = clock.limit(ANSWER_MS)
      const ofV8 =
        loop.sources.some(mayBeV8s) &&
        addons === false &&
        (await countTimers(thread, limit)) === 0 &&
        (await scriptsMention(thread, setsTimersElsewhere, limit)) === false
      const kept = loop.sources.filter(source => !(ofV8 && mayBeV8s(source)))
      const heard = thread === threads[0] ? await signalListeners(thread, limit) : []
      const signals = heard?.map(
        (signal): LoopSource => ({ kind: 'signal', text: `handles ${signal}`, outside: true }),
      )
      settled.set(thread, {
        sources: [...kept, ...(signals ?? [])],
        complete: loop.complete && signals !== undefined,
      })
    }),
  )
  return new Map([...loops.keys()].map(thread => [thread, settled.get(thread)!]))
}

/** What sets a timer of the loop without being in Node's list of timers. */
const setsTimersElsewhere = 'waitAsync|watchFile|monitorEventLoopDelay'

/**
 * V8 sets its timers for half a second, for eight, or, since Node 26, for thirty, and a tenth more
 * (src/heap/memory-reducer.h, `--gc-memory-reducer-start-delay-ms`). One that is due soon is left alone: it may fire before
 * Node's own list is read.
 */
export function mayBeV8s({ kind, text }: LoopSource): boolean {
  const due = kind === 'timer' ? /, due (\d+) ms/.exec(text)?.[1] : undefined
  return due !== undefined && Number(due) >= 250 && Number(due) <= 30_100
}
