import { isUnknown, type Thread } from '../snapshot/model.ts'
import type { Standstill } from './diagnosis.ts'
import { sharedDepth } from './stay.ts'

/**
 * What all looks at a thread share, when they show one call from the event loop that is still running: undefined when
 * there is only one look, when they share no frame of the program, or when no CPU time was spent.
 */
export function standstill(thread: Thread): Standstill | undefined {
  const { looks } = thread
  const last = looks.at(-1)
  if (looks.length < 2 || !last) return undefined
  const stacks = looks.map(look => look.frames)
  const depth = sharedDepth(stacks)
  const stayed = depth === 0 ? [] : last.frames.slice(-depth)
  // Timers and servers call everything through the same frames of Node: only the program's own tell calls apart.
  if (!stayed.some(frame => frame.owner !== 'node')) return undefined
  const positions = stacks.map(frames => frames.at(-depth)!)
  const spent = cpuBetween(thread)
  if (spent === 0 && !looks.every(runnable)) return undefined
  return { thread: thread.id, stayed, positions, cpuMs: spent, spanMs: last.at - looks[0]!.at }
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
