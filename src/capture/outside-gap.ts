/** What is not seen of a process whose inspector is not had: by name, and with what would show it. */
import { type Gap, isUnknown, type Thread } from '../snapshot/model.ts'
import type { Closed } from './open-inspector.ts'
import { allowStop, runsOn } from './process-record.ts'
import type { StoppedLooks } from './stopped-looks.ts'

/** `why`: of the main thread, if its memory showed no stack. `threads`: after the process may have been stopped for them. */
export function outsideGap(
  { reason, remedy }: Closed,
  why: string | undefined,
  { threads, pausedMs, failure }: StoppedLooks,
  readsMemory: boolean,
): Gap {
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker')
  const unread = scripted.filter(({ seenBy }) => !seenBy.includes('memory'))
  const main = unread.find(({ role }) => role === 'main')
  const stopped = pausedMs > 0 && main === undefined
  const offers = remedy.includes('--allow-stop')
  // Stopped, it was seen: what was said about its silence is of no use any more.
  const closed =
    stopped && offers
      ? {
          reason: 'The main thread computes in native code, and answers no inspector before it comes back.',
          remedy: 'Look again when that call has returned.',
        }
      : { reason, remedy }
  const runs = readsMemory && failure === undefined && !offers && unread.some(seenRunning)
  return {
    what: [...stacksOf(unread, scripted.length), ...(unread.length < scripted.length ? [locals] : [])].join(
      ', and ',
    ),
    reason: [
      closed.reason,
      ...(main !== undefined && why !== undefined
        ? [`The main thread's was not to be had from its memory either: ${why}.`]
        : []),
      ...(failure === undefined ? [] : [`Stopped (--allow-stop), it showed no stack either: ${failure}.`]),
    ].join(' '),
    remedy: runs ? `${closed.remedy} ${allowStop}` : closed.remedy,
  }
}

const locals = 'variables that no inner function uses (by which some locks are recognised)'

function stacksOf(unread: readonly Thread[], all: number): readonly string[] {
  if (unread.length === 0) return []
  if (unread.length === all && all > 1) return ['the JavaScript stacks of all threads']
  const main = unread.some(({ role }) => role === 'main')
  const workers = unread.filter(({ role }) => role === 'worker')
  const names = [
    ...(main ? ['the main thread'] : []),
    ...(workers.length > 2
      ? [`${workers.length} workers`]
      : workers.map(({ tid }) => `the worker ${isUnknown(tid) ? 'without a number' : `with tid ${tid}`}`)),
  ]
  return [`the JavaScript stack${unread.length === 1 ? '' : 's'} of ${names.join(' and ')}`]
}

function seenRunning({ looks }: Thread): boolean {
  const last = looks.at(-1)
  return last !== undefined && runsOn(last)
}
