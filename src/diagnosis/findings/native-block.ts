import type { Process, SystemCall, Thread } from '../../snapshot/model.ts'
import type { Finding } from '../diagnosis.ts'
import { doing, ownFrame } from '../doing.ts'
import { frameText } from '../frame-text.ts'
import { bare, capital, type Roster } from '../roster.ts'
import { lastLook } from '../stay.ts'

/** A thread that stands in a call of the system or of native code in all looks. */
export function nativeBlock(thread: Thread, roster: Roster): Finding {
  const process = roster.processOf(thread.id)
  const look = lastLook(thread)!
  const name = roster.name(thread.id)
  const place = ownFrame(look.frames)
  const call = look.activity.kind === 'system-call' ? look.activity.call : undefined
  const what = doing(thread, process)
  return {
    kind: 'native-block',
    status: 'blocked',
    title: call ? `${bare(name)} is blocked in a system call: ${call.meaning}` : `${bare(name)} ${what}`,
    explanation: [
      `${capital(name)} ${what}.`,
      ...(place ? [] : ['No JavaScript frame of it could be seen.']),
      goesOn(call, process),
    ].join('\n'),
    parties: [thread.id],
    victims: [],
    cycle: [],
    edges: [],
    waits: [],
    advice: place
      ? `use the asynchronous form of what ${frameText(place, process)} calls, or give it a time limit`
      : `that cannot be told without its stack; ${whatShows(process)}`,
    doubts: [],
  }
}

function goesOn(call: SystemCall | undefined, process: Process | undefined): string {
  const child = call !== undefined && /\bwaits for (a )?child\b/.test(call.meaning)
  if (!child || process === undefined || process.core !== undefined)
    return 'It goes on when that call returns.'
  return `It goes on when that process ends; \`impasse ${process.pid} --tree\` shows at what that stands.`
}

function whatShows(process: Process | undefined): string {
  const native = `\`gdb -p ${process?.pid ?? '<pid>'}\``
  return process && process.gaps.length > 0
    ? `NOT SEEN, at the end, says what would show the JavaScript part, and ${native} shows the native one`
    : `${native} shows the native part`
}
