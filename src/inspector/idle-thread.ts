/**
 * Whether a timer that an event loop has is one of the program's. Node keeps all of them, also those that were
 * `unref`ed, in a map that the functions of its module close over (lib/timers.js, `timerListMap`); V8's own timers, which
 * only collect garbage, are not in it. Reading them changes nothing.
 */
import type { InspectedThread } from './inspected-thread.ts'

/** How many sorts of timers (by duration) JavaScript has set; undefined where Node's list could not be reached. */
export async function countTimers(thread: InspectedThread, deadlineMs: number): Promise<number | undefined> {
  const { session } = thread
  const group = { objectGroup: 'impasse', silent: true }
  const found = await session.send('Runtime.evaluate', { expression: 'clearTimeout', ...group }, deadlineMs)
  const clear = await properties(found.ok ? found.result.result.objectId : undefined)
  const scopes = await properties(clear?.internalProperties?.find(named('[[Scopes]]'))?.value?.objectId)
  const variables = await properties(scopes?.result.find(named('0'))?.value?.objectId)
  const timers = await properties(variables?.result.find(named('timerListMap'))?.value?.objectId)
  return timers?.result.filter(({ name }) => /^\d+$/.test(name)).length

  async function properties(objectId: string | undefined) {
    if (objectId === undefined) return undefined
    const reply = await session.send('Runtime.getProperties', { objectId, ownProperties: true }, deadlineMs)
    return reply.ok && reply.result.exceptionDetails === undefined ? reply.result : undefined
  }
}

const named =
  (wanted: string) =>
  ({ name }: { readonly name: string }) =>
    name === wanted

/** More scripts than this are not searched. */
const mostScripts = 400

/** Whether one of the program's own scripts matches; undefined where that could not be found out. */
export async function scriptsMention(
  thread: InspectedThread,
  pattern: string,
  deadlineMs: number,
): Promise<boolean | undefined> {
  if (!thread.enabled && !(await thread.enable(deadlineMs)).ok) return undefined
  const scripts = [...thread.scripts.values()].filter(({ url }) => !url.startsWith('node:'))
  if (scripts.length > mostScripts) return undefined
  const replies = await Promise.all(
    scripts.map(({ id }) =>
      thread.session.send(
        'Debugger.searchInContent',
        { scriptId: id, query: pattern, isRegex: true, caseSensitive: true },
        deadlineMs,
      ),
    ),
  )
  if (replies.some(reply => !reply.ok)) return undefined
  return replies.some(reply => reply.ok && reply.result.result.length > 0)
}

/** The signals that the program listens for, but for that of a resized terminal; undefined where that is not known. */
export async function signalListeners(
  { session }: InspectedThread,
  deadlineMs: number,
): Promise<readonly string[] | undefined> {
  const reply = await session.send(
    'Runtime.evaluate',
    {
      expression: 'Object.keys(process._events)',
      throwOnSideEffect: true,
      returnByValue: true,
      silent: true,
    },
    deadlineMs,
  )
  if (!reply.ok || reply.result.exceptionDetails !== undefined) return undefined
  const names: unknown = reply.result.result.value
  if (!Array.isArray(names)) return undefined
  return names.filter(name => /^SIG[A-Z0-9]+$/.test(String(name)) && name !== 'SIGWINCH').map(String)
}
