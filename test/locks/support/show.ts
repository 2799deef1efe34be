/** `node test/locks/support/show.ts <fixture> [node]`: what the rules find in a program that is started for it. */

import { capture } from '../../../src/capture/capture.ts'
import { startFixture } from '../../support/spawn-fixture.ts'

const [file = '', node] = process.argv.slice(2)
const cleanUps: (() => Promise<void>)[] = []
const program = await startFixture(file, {
  execArgv: ['--inspect-port=0'],
  cleanUp: kill => cleanUps.push(kill),
  ...(node && { node }),
})
await new Promise(resolve => setTimeout(resolve, 150))
const begun = performance.now()
const snapshot = await capture(program.pid)
console.log(
  `${Math.round(performance.now() - begun)} ms, waves ${snapshot.cost.pausedWaves}, paused ${snapshot.processes[0]?.pausedMs}`,
)
const short = (frame: unknown) => {
  const { function: name, file: where, line, class: owner } = frame as Record<string, string>
  return name ? `${owner ?? ''}.${name} ${String(where).split('/').pop()}:${line}` : JSON.stringify(frame)
}
for (const one of snapshot.resources)
  console.log(
    'resource',
    one.id,
    one.sort,
    one.kind,
    one.label,
    JSON.stringify(one.aliases),
    JSON.stringify(one.word),
    'capacity',
    one.capacity,
    'free',
    one.free,
    'complete',
    JSON.stringify(one.complete),
  )
for (const one of snapshot.waits)
  console.log(
    'wait',
    one.party,
    JSON.stringify(one.request),
    one.call,
    '@',
    short(one.at),
    one.frame,
    one.sure,
    one.doubt ?? '',
  )
for (const one of snapshot.holds)
  console.log(
    'hold',
    one.party,
    one.resource,
    short(one.at),
    one.frame,
    'acquired',
    JSON.stringify(one.acquiredAt),
    one.sure,
    '|',
    one.evidence,
    '|',
    one.doubt ?? '',
  )
for (const cleanUp of cleanUps) await cleanUp()
