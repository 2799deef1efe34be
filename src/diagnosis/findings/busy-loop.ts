import type { Thread } from '../../snapshot/model.ts'
import type { Finding, Standstill } from '../diagnosis.ts'
import { duration, stackWasRead } from '../doing.ts'
import { frameText, functionName, placeText } from '../frame-text.ts'
import { bare, capital, counted, type Roster } from '../roster.ts'

/** One call from the event loop that is still running in all looks. */
export function busyLoop(thread: Thread, still: Standstill, roster: Roster): Finding {
  return still.stayed.length > 0 ? oneCall(thread, still, roster) : noTurn(thread, still, roster)
}

/** The loop has not turned, but no frame was on the stack all the time: promise callbacks that never run out. */
function noTurn(thread: Thread, still: Standstill, roster: Roster): Finding {
  const name = roster.name(thread.id)
  const process = roster.processOf(thread.id)
  const seen = thread.looks.flatMap(({ frames }) => frames.find(frame => frame.owner !== 'node') ?? [])
  const places = [...new Set(seen.map(frame => frameText(frame, process)))]
  return {
    kind: 'busy-loop',
    status: 'busy',
    title: `${bare(name)} has not come back to its event loop in ${counted(thread.looks.length, 'look')}${places.length === 1 ? `: ${places[0]}` : ''}`,
    explanation: [
      `In ${duration(still.spanMs)} ${name}'s event loop did not turn once${stackWasRead(thread) ? ', although no frame was on its stack all the time' : ''}${spentText(still)}.`,
      stackWasRead(thread)
        ? 'That is how a chain of promise callbacks (microtasks) looks that never runs out: timers and I/O wait behind it.'
        : 'Where it runs is not known: its stack was not read. A loop that never ends looks like that, and so does one that waits for a lock.',
      ...(places.length === 0 ? [] : [`It was seen in ${places.join(', then in ')}.`]),
    ].join('\n'),
    parties: [thread.id],
    victims: [],
    cycle: [],
    edges: [],
    waits: [],
    advice: stackWasRead(thread)
      ? 'let the loop turn now and then: await a timer or setImmediate instead of a promise that is settled already'
      : 'that cannot be told without its stack; NOT SEEN, at the end, says what would show it',
    doubts: [],
    standstill: still,
  }
}

function spentText({ cpuMs }: Standstill): string {
  return cpuMs === undefined ? '' : `, and ${duration(cpuMs)} of CPU time were spent`
}

function oneCall(thread: Thread, still: Standstill, roster: Roster): Finding {
  const process = roster.processOf(thread.id)
  const name = roster.name(thread.id)
  const loop = still.stayed[0]!
  const own = still.stayed.find(frame => frame.owner === 'program') ?? loop
  const entry = still.stayed.findLast(frame => frame.owner !== 'node') ?? loop
  const places = [...new Set(still.positions.map(frame => placeText(frame, process)))]
  const inside =
    loop.kind === 'native'
      ? `It computes in native code, in ${functionName(loop)} or in what that calls.`
      : places.length > 1
        ? `The loop is in ${functionName(loop)}: it stood at ${places.join(', then at ')}.`
        : `The loop is in ${frameText(loop, process)}, or in what that calls.`
  const spent = still.cpuMs === undefined ? '' : ` and spent ${duration(still.cpuMs)} of CPU time`
  return {
    kind: 'busy-loop',
    status: 'busy',
    title: `${bare(name)} has not come back from one call in ${counted(thread.looks.length, 'look')}: ${frameText(own, process)}`,
    explanation: [
      `In all looks ${name} was inside the same call of ${frameText(entry, process)}${spent} in ${duration(still.spanMs)}.`,
      inside,
      `${capital(name)}'s event loop does not turn as long as that call goes on.`,
    ].join('\n'),
    parties: [thread.id],
    victims: [],
    cycle: [],
    edges: [],
    waits: [],
    advice:
      loop.kind === 'native'
        ? `use the asynchronous form of what ${frameText(own, process)} calls, give it less to do at once, or move it to a worker`
        : 'end the loop, give it less to do at once, or move it to a worker',
    doubts: [],
    standstill: still,
  }
}
