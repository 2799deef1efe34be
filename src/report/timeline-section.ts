/** Several snapshots of one process: what stood and what moved. */
import { duration } from '../diagnosis/doing.ts'
import { bare } from '../diagnosis/roster.ts'
import type { ThreadTimeline, Timeline } from '../diagnosis/timeline.ts'
import type { Style } from './style.ts'
import { wrap } from './wrap.ts'

const mostMoments = 6

export function timelineSection(
  { name, times, threads }: Timeline,
  style: Style,
  width: number,
): readonly string[] {
  const head = `process ${name}, ${times.length} snapshots from ${times[0]} to ${times.at(-1)}`
  return [
    style('bold', `TIMELINE  ${head}`),
    ...threads.flatMap(thread => wrap(sentence(thread), width, '  ', '      ')),
  ]
}

function sentence({ name, moments, stood, cpuMs }: ThreadTimeline): string {
  const cpu = cpuMs === undefined ? '' : `; ${duration(cpuMs)} of CPU time between the first and the last`
  if (stood) return `${bare(name)}  stood all the time: ${moments.at(-1)}${cpu}`
  const steps = moments
    .map(moment => moment ?? 'was not there')
    .filter((moment, at, all) => moment !== all[at - 1])
  const shown = steps.length > mostMoments ? [...steps.slice(0, mostMoments - 1), '…', steps.at(-1)] : steps
  return steps.length === 1
    ? `${bare(name)}  each time: ${steps[0]}${cpu}`
    : `${bare(name)}  ${shown.join(', then ')}${cpu}`
}
