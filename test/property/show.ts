/** `npx tsx test/property/show.ts <seed[-seed]> [node]`: runs programs, and shows in full what was found in the bad ones. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { count, type Outcome, runSeeds } from './lock-programs.ts'

const [range = '1', node = process.execPath] = process.argv.slice(2)
const [first = 1, last = first] = range.split('-').map(Number)
const seeds = Array.from({ length: last - first + 1 }, (_, at) => first + at)
const begun = performance.now()
const outcomes = await runSeeds(seeds, node, join(tmpdir(), 'impasse-lock-programs'), outcome => {
  if (seeds.length === 1 || process.env.IMPASSE_DETAILS) {
    if (seeds.length === 1 || outcome.result === 'missed') details(outcome)
  } else if (outcome.result !== 'right' && outcome.result !== 'suspected')
    console.log(`${outcome.seed} ${outcome.result}: ${outcome.detail}`)
  else if (outcome.result === 'suspected')
    console.log(
      `${outcome.seed} only suspected: ${outcome.diagnosis?.findings.find(one => one.status === 'suspected')?.doubts.join(' ')}`,
    )
})
console.log(`${count(outcomes)} (${Math.round((performance.now() - begun) / 1000)} s)`)
process.exit()

function details({ path, result, detail, snapshot, diagnosis }: Outcome): void {
  console.log(`${path}\n${result}: ${detail}`)
  for (const { kind, status, parties, victims, doubts } of diagnosis?.findings ?? [])
    console.log('finding', kind, status, parties.join(), 'victims', victims.join(), doubts.join(' '))
  for (const { id, looks, undisturbed } of snapshot?.processes[0]?.threads ?? [])
    if (/\/t\d+$/.test(id))
      console.log(
        'thread',
        id,
        looks.map(
          ({ at, activity, frames }) => `${Math.round(at)} ms ${activity.kind} ${frames.length} frames`,
        ),
        undisturbed,
      )
  for (const one of snapshot?.resources ?? [])
    console.log(
      'resource',
      one.id,
      one.kind,
      one.label,
      one.word?.value,
      'capacity',
      one.capacity,
      'free',
      one.free,
      one.complete,
    )
  for (const one of snapshot?.waits ?? [])
    console.log('wait', one.party, JSON.stringify(one.request), one.call, one.sure, one.doubt ?? '')
  for (const one of snapshot?.holds ?? [])
    console.log(
      'hold',
      one.party,
      one.resource,
      JSON.stringify(one.acquiredAt),
      one.sure,
      one.evidence,
      one.doubt ?? '',
    )
}
