/** What a thread was doing in its last look, as a phrase that follows its name. */
import { type Frame, isUnknown, type Process, type Thread } from '../snapshot/model.ts'
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
      return `is in a system call (${activity.call.meaning})${at}`
    case 'stopped':
      return `is stopped by ${activity.by}`
    case 'unknown':
      return `could not be seen (${activity.why})`
  }
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
  return `${Number((ms / 60_000).toFixed(1))} min`
}
