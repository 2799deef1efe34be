/** What a thread was doing in its last look, as a phrase that follows its name. */
import {
  type Activity,
  type Frame,
  isUnknown,
  type Process,
  type SystemCall,
  type Thread,
} from '../snapshot/model.ts'
import { frameText } from './frame-text.ts'
import { lastLook } from './stay.ts'

export function doing(thread: Thread, process: Process | undefined): string {
  const look = lastLook(thread)
  if (!look) return 'was not looked at'
  const { activity, frames } = look
  const place = ownFrame(frames)
  const at = place ? ` in ${frameText(place, process)}` : ''
  switch (activity.kind) {
    case 'running':
      return place ? `runs ${frameText(place, process)}` : 'runs'
    case 'parked':
      return typeof activity.timeoutMs === 'number'
        ? `sleeps in a timed wait (${activity.in}, ${duration(activity.timeoutMs)})${at}`
        : `is parked in ${activity.in}${isUnknown(activity.timeoutMs) ? '' : ' without a time limit'}${at}`
    case 'event-loop':
      return 'is in its event loop'
    case 'system-call':
      return idlesUnasked(thread)
        ? 'is in its event loop'
        : `is in a system call (${activity.call.meaning})${at}`
    case 'stopped':
      return `is stopped by ${activity.by}`
    case 'unknown':
      return `could not be seen (${activity.why})`
  }
}

/** In a wait of an event loop, as far as the kernel can tell it from one of `spawnSync`. */
export function inLoopCall(activity: Activity): boolean {
  if (activity.kind !== 'system-call') return activity.kind === 'event-loop'
  return activity.call.name.startsWith('epoll_') && activity.call.meaning.startsWith('event loop')
}

/** The kernel shows it in an event loop, and nobody asked it; one that was asked there would have answered. */
export function idlesUnasked(thread: Thread): boolean {
  const look = lastLook(thread)
  return look !== undefined && inLoopCall(look.activity) && !thread.seenBy.includes('inspector')
}

/** By the inspector, or from memory; it may have been empty. */
export function stackWasRead({ seenBy }: Thread): boolean {
  return seenBy.some(source => source !== 'proc')
}

/** `futex: waits for another thread`; the name is not said twice. */
export function callText({ name, meaning }: SystemCall): string {
  const more = meaning.replace(` (${name})`, '')
  return more === '' || more === `in ${name}` ? name : `${name}: ${more}`
}

/** The innermost frame that is the program's own, else the innermost that is not Node's. */
export function ownFrame(frames: readonly Frame[]): Frame | undefined {
  return (
    frames.find(frame => frame.owner === 'program' && frame.kind !== 'builtin') ??
    frames.find(frame => frame.owner !== 'node')
  )
}

/** `12 ms`, `1.5 s`, `10 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Number(ms.toFixed(ms < 10 ? 1 : 0))} ms`
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`
  return ms < 172_800_000
    ? `${Number((ms / 3_600_000).toFixed(1))} h`
    : `${Number((ms / 86_400_000).toFixed(1))} days`
}
