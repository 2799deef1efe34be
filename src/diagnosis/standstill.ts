import { isUnknown, type Thread } from '../snapshot/model.ts'
import type { Standstill } from './diagnosis.ts'
import { sharedDepth } from './stay.ts'

/**
 * What all looks share, when they show one call from the event loop that is still running: undefined when there is only
 * one look, when the loop has turned in between, when nothing shows that it has not, or when no CPU time was spent.
 */
export function standstill(thread: Thread): Standstill | undefined {
  const { looks } = thread
  const last = looks.at(-1)
  if (looks.length < 2 || !last) return undefined
  const turned = loopTurned(thread)
  if (turned === true) return undefined
  const stacks = looks.map(look => look.frames)
  const depth = sharedDepth(stacks)
  const shared = depth === 0 ? [] : last.frames.slice(-depth)
  // Timers and servers call everything through the same frames of Node: only the program's own tell calls apart.
  const isOneCall = shared.some(frame => frame.owner !== 'node')
  // Where no frame tells (a chain of promise callbacks), the loop that has not turned does.
  if (!isOneCall && turned === undefined) return undefined
  const spent = cpuBetween(thread)
  if (spent === 0 && !looks.every(runnable)) return undefined
  return {
    thread: thread.id,
    stayed: isOneCall ? shared : [],
    positions: isOneCall ? stacks.map(frames => frames.at(-depth)!) : [],
    cpuMs: spent,
    spanMs: last.at - looks[0]!.at,
  }
}

/** Whether the event loop turned between two looks; undefined where fewer than two could tell. */
export function loopTurned({ looks }: Thread): boolean | undefined {
  const turns = looks.flatMap(({ loopTurns }) => loopTurns ?? [])
  return turns.length < 2 ? undefined : turns.some(count => count !== turns[0])
}

/** CPU time between the first look and the last; undefined where the kernel did not tell. */
export function cpuBetween({ looks }: Thread): number | undefined {
  const first = looks[0]?.kernel
  const last = looks.at(-1)?.kernel
  if (!first || !last || isUnknown(first) || isUnknown(last)) return undefined
  return Math.max(0, last.cpuMs - first.cpuMs)
}

/** On a loaded machine a thread that wants to run may not have got a tick. */
function runnable({ kernel }: Thread['looks'][number]): boolean {
  return !isUnknown(kernel) && kernel.state === 'R'
}
