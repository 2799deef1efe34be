/** The report for a person. */
import { constants } from 'node:os'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { duration } from '../diagnosis/doing.ts'
import { buildRoster, counted, processName } from '../diagnosis/roster.ts'
import { taskPhrases } from '../diagnosis/task-waits.ts'
import type { Timeline } from '../diagnosis/timeline.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { connectionsSection } from './connections-section.ts'
import { toldGaps } from './gaps.ts'
import { printable } from './printable.ts'
import { type Style, statusColor, styleFor } from './style.ts'
import { tasksSection } from './tasks-section.ts'
import { threadsSection } from './threads-section.ts'
import { timelineSection } from './timeline-section.ts'
import { verdictSection } from './verdict-section.ts'
import { wrap } from './wrap.ts'

export interface TextOptions {
  /** Show the frames of Node and of dependencies too. */
  readonly allFrames?: boolean
  /** Decided by the caller; nothing here looks at a terminal. */
  readonly color?: boolean
  /** What several snapshots of one process show together. */
  readonly timelines?: readonly Timeline[]
  /** Columns to wrap at; 100 unless told. */
  readonly width?: number
}

/** The verdict as one sentence, the evidence, then every thread, what could not be seen, and the cost. */
export function renderText(snapshot: Snapshot, diagnosis: Diagnosis, options: TextOptions = {}): string {
  const { allFrames = false, color = false, width = 100, timelines = [] } = options
  const style = styleFor(color)
  const roster = buildRoster(snapshot)
  const sections = [
    verdictSection(snapshot, diagnosis, roster, style, width),
    ...timelines.map(timeline => timelineSection(timeline, style, width)),
    processesSection(snapshot, diagnosis, style, width),
    connectionsSection(snapshot, style),
    ...snapshot.processes.map(process => tasksSection(process, snapshot, roster, allFrames, style)),
    ...snapshot.processes.map(process =>
      threadsSection(process, diagnosis, allFrames, style, width, thread =>
        taskPhrases(thread, snapshot, roster),
      ),
    ),
    gapsSection(snapshot, style, width),
    [style('dim', costLine(snapshot))],
  ]
  const text = sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')
  return `${printable(text, color)}\n`
}

/** Of several processes each has its verdict. */
function processesSection(
  { processes }: Snapshot,
  diagnosis: Diagnosis,
  style: Style,
  width: number,
): readonly string[] {
  if (processes.length < 2) return []
  const names = new Map(processes.map(process => [process.id, processName(process)]))
  const lines = diagnosis.processes.flatMap(({ process, status, summary }) => {
    const [head = '', ...more] = wrap(`${names.get(process)}  ${status}  ${summary}`, width, '  ', '      ')
    return [head.replace(`  ${status}  `, `  ${style(statusColor[status], status)}  `), ...more]
  })
  return [style('bold', 'PROCESSES'), ...lines]
}

/** What could not be seen, why, and what would show it. */
function gapsSection(snapshot: Snapshot, style: Style, width: number): readonly string[] {
  const gaps = toldGaps(snapshot)
  if (gaps.length === 0) return []
  const lines = gaps.flatMap(({ of, what, reason, remedy }) => [
    ...wrap(`${of}${what}: ${reason}`, width, '  ', '      '),
    ...(remedy === '' ? [] : wrap(`To see it: ${remedy}`, width, '      ')),
  ])
  return [style('bold', 'NOT SEEN'), ...lines]
}

function costLine({ looks, cost, processes }: Snapshot): string {
  const cores = processes.flatMap(({ core }) => core ?? [])
  const [core] = cores
  if (core !== undefined && cores.length === processes.length) {
    const signal = signalName(core.signal)
    const end = signal === undefined ? '' : `, when ${signal} ended the process`
    return `core written ${core.writtenAt}${end}; read in ${duration(cost.wallMs)}`
  }
  const paused = Math.max(0, ...processes.map(({ pausedMs }) => pausedMs))
  const pause = paused > 0 ? `threads paused at most ${duration(paused)}` : 'no thread was paused'
  return `${counted(looks, 'look')}, ${pause}, ${duration(cost.wallMs)} in all`
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
}
