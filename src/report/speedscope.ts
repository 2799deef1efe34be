/** The looks at each thread as samples, for speedscope.app (speedscope.app/file-format-schema.json). */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { functionName, shortPath } from '../diagnosis/frame-text.ts'
import { buildRoster } from '../diagnosis/roster.ts'
import { type Frame, isUnknown, type Process, type Snapshot, type Thread } from '../snapshot/model.ts'

/** What the last look stands for, where there is no other to measure by. */
const oneLookMs = 1

interface SharedFrame {
  readonly name: string
  readonly file?: string
  readonly line?: number
  readonly col?: number
}

export function renderSpeedscope(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const roster = buildRoster(snapshot)
  const frames: SharedFrame[] = []
  const numbers = new Map<string, number>()
  const numberOf = (frame: Frame, process: Process): number => {
    const shared = sharedFrame(frame, process)
    const key = JSON.stringify(shared)
    const known = numbers.get(key)
    if (known !== undefined) return known
    const number = frames.push(shared) - 1
    numbers.set(key, number)
    return number
  }
  const sampled = snapshot.processes.flatMap(process =>
    process.threads
      .filter(({ looks }) => looks.some(look => look.frames.length > 0))
      .map(thread => ({ thread, process })),
  )
  const profiles = sampled.map(({ thread, process }) => {
    const times = weights(thread)
    const start = thread.looks[0]!.at
    return {
      type: 'sampled',
      name: roster.name(thread.id),
      unit: 'milliseconds',
      startValue: start,
      endValue: start + times.reduce((sum, time) => sum + time, 0),
      // Outermost first.
      samples: thread.looks.map(look => look.frames.map(frame => numberOf(frame, process)).reverse()),
      weights: times,
    }
  })
  const busiest = diagnosis.threads.find(({ status }) => status === 'busy')?.thread
  const file = {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: `${diagnosis.verdict.status}: ${diagnosis.verdict.summary}`,
    exporter: `${snapshot.tool.name}@${snapshot.tool.version}`,
    activeProfileIndex: Math.max(
      0,
      sampled.findIndex(({ thread }) => thread.id === busiest),
    ),
    shared: { frames },
    profiles,
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** A look stands for the time until the next one. */
function weights({ looks }: Thread): readonly number[] {
  return looks.map((look, at) => {
    const from = looks[at + 1] === undefined ? looks[at - 1] : look
    const to = looks[at + 1] ?? look
    return from === undefined ? oneLookMs : Math.max(0, to.at - from.at)
  })
}

function sharedFrame(frame: Frame, process: Process): SharedFrame {
  const { file, line, column } = frame
  return {
    name: functionName(frame),
    ...(isUnknown(file) ? {} : { file: shortPath(file, process) }),
    ...(isUnknown(line) ? {} : { line }),
    ...(isUnknown(column) ? {} : { col: column }),
  }
}
