import type { Thread } from '../../snapshot/model.ts'
import type { Finding, Standstill } from '../diagnosis.ts'
import { duration } from '../doing.ts'
import { frameText, functionName, placeText } from '../frame-text.ts'
import { bare, capital, counted, type Roster } from '../roster.ts'

/** One call from the event loop that is still running in all looks. */
export function busyLoop(thread: Thread, still: Standstill, roster: Roster): Finding {
  const process = roster.processOf(thread.id)
  const name = roster.name(thread.id)
  const loop = still.stayed[0]!
  const own = still.stayed.find(frame => frame.owner === 'program') ?? loop
  const entry = still.stayed.findLast(frame => frame.owner !== 'node') ?? loop
  const places = [...new Set(still.positions.map(frame => placeText(frame, process)))]
  const inside =
    places.length > 1
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
    advice: 'end the loop, give it less to do at once, or move it to a worker',
    doubts: [],
    standstill: still,
  }
}
