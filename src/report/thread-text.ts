/** What is told about a thread beside its stack, in phrases. */
import { callText, duration, idlesUnasked } from '../diagnosis/doing.ts'
import { cpuBetween } from '../diagnosis/standstill.ts'
import { lastLook } from '../diagnosis/stay.ts'
import { isUnknown, type Thread } from '../snapshot/model.ts'

export function tidText({ tid }: Thread): string {
  return isUnknown(tid) ? `tid unknown: ${tid.unknown}` : `tid ${tid}`
}

/** What it does: `parked in Atomics.wait, no timeout`. */
export function activityText(thread: Thread): string {
  const activity = lastLook(thread)?.activity
  switch (activity?.kind) {
    case undefined:
      return 'not looked at'
    case 'running':
      return 'runs'
    case 'event-loop':
      return 'in its event loop'
    case 'system-call':
      return idlesUnasked(thread) ? 'in its event loop' : `in ${callText(activity.call)}`
    case 'stopped':
      return `stopped by ${activity.by}`
    case 'unknown':
      return `not seen: ${activity.why}`
    case 'parked': {
      const { timeoutMs } = activity
      const limit = isUnknown(timeoutMs)
        ? 'timeout unknown'
        : timeoutMs === null
          ? 'no timeout'
          : `timeout ${duration(timeoutMs)}`
      return `parked in ${activity.in}, ${limit}`
    }
  }
}

/** What it cost: `CPU 180 ms, +40 ms between looks`. */
export function cpuText(thread: Thread): string {
  const kernel = lastLook(thread)?.kernel
  if (!kernel || isUnknown(kernel)) return ''
  // Of a thread that stands still, what it spent between the looks was spent on answering us.
  const works = lastLook(thread)?.activity.kind === 'running'
  const between =
    works && thread.looks.length > 1 ? `, +${duration(cpuBetween(thread) ?? 0)} between looks` : ''
  return `CPU ${duration(kernel.cpuMs)}${between}`
}

/** `kept alive by 2 timers`; empty where the loop is not seen, or is not what the thread is in. */
export function loopText({ loop, looks, seenBy }: Thread): string {
  if (!loop || looks.at(-1)?.activity.kind !== 'event-loop') return ''
  const text = loop.sources.map(source => source.text).join('; ')
  // Ports, and requests in the pool, Node alone names.
  const asked = seenBy.includes('inspector')
  const nothing = asked ? 'nothing keeps its loop alive' : 'no timer and no descriptor keeps its loop alive'
  if (text === '') return loop.complete ? nothing : ''
  const asleep = asked && loop.complete && !loop.sources.some(source => source.outside)
  const more = loop.complete ? (asleep ? '; only another thread can wake it' : '') : ' (there may be more)'
  return `kept alive by ${text}${more}`
}
