/** Every thread: those that run JavaScript with their stacks, the others grouped. */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { callText, duration, idlesUnasked } from '../diagnosis/doing.ts'
import { bare, threadName } from '../diagnosis/roster.ts'
import { cpuBetween } from '../diagnosis/standstill.ts'
import { lastLook } from '../diagnosis/stay.ts'
import { isUnknown, type Process, type Thread } from '../snapshot/model.ts'
import { kernelThreads } from './kernel-threads.ts'
import { layOut } from './rows.ts'
import { stackRows } from './stack.ts'
import { type Style, statusColor } from './style.ts'
import { wrap } from './wrap.ts'

const mostFrames = 30

export function threadsSection(
  process: Process,
  diagnosis: Diagnosis,
  allFrames: boolean,
  style: Style,
  width: number,
  tasksOf: (thread: string) => readonly string[] = () => [],
): readonly string[] {
  const { pid, runtime, argv, threads } = process
  const version = isUnknown(runtime.version) ? '' : ` ${runtime.version}`
  const title = `${style('bold', 'THREADS')}  process ${pid}, ${runtime.name === 'node' ? `node${version}` : 'not Node'}: ${argv.join(' ')}`
  const verdicts = new Map(diagnosis.threads.map(verdict => [verdict.thread, verdict]))
  const scripted = threads.filter(({ role }) => role === 'main' || role === 'worker')
  const lines = scripted.flatMap(thread => {
    const status = verdicts.get(thread.id)?.status
    const word = status ? style(statusColor[status], status) : ''
    const head = [
      style('bold', bare(threadName(thread))),
      thread.role === 'worker' && thread.threadId === null ? '' : tidText(thread),
      word,
      activityText(thread),
      cpuText(thread),
    ]
    const frames = lastLook(thread)?.frames ?? []
    const rows = stackRows(frames, process, { allFrames, most: mostFrames })
    return [
      `  ${head.filter(text => text !== '').join('  ')}`,
      ...loopLines(thread, width),
      ...tasksOf(thread.id).flatMap(text => wrap(text, width, '      ', '        ')),
      ...layOut(rows, '      ', false, style),
    ]
  })
  return [title, ...lines, ...kernelThreads(threads)]
}

function tidText({ tid }: Thread): string {
  return isUnknown(tid) ? `tid unknown: ${tid.unknown}` : `tid ${tid}`
}

function activityText(thread: Thread): string {
  const activity = lastLook(thread)?.activity
  switch (activity?.kind) {
    case undefined:
      return 'not looked at'
    case 'running':
      return 'runs'
    case 'event-loop':
      return 'in its event loop'
    case 'system-call':
      return idlesUnasked(thread) ? 'in its event loop' : `in ${callText(activity.call)}`
    case 'stopped':
      return `stopped by ${activity.by}`
    case 'unknown':
      return `not seen: ${activity.why}`
    case 'parked': {
      const { timeoutMs } = activity
      const limit = isUnknown(timeoutMs)
        ? 'timeout unknown'
        : timeoutMs === null
          ? 'no timeout'
          : `timeout ${duration(timeoutMs)}`
      return `parked in ${activity.in}, ${limit}`
    }
  }
}

function cpuText(thread: Thread): string {
  const kernel = lastLook(thread)?.kernel
  if (!kernel || isUnknown(kernel)) return ''
  // Of a thread that stands still, what it spent between the looks was spent on answering us.
  const works = lastLook(thread)?.activity.kind === 'running'
  const between =
    works && thread.looks.length > 1 ? `, +${duration(cpuBetween(thread) ?? 0)} between looks` : ''
  return `CPU ${duration(kernel.cpuMs)}${between}`
}

function loopLines({ loop, looks }: Thread, width: number): readonly string[] {
  if (!loop || looks.at(-1)?.activity.kind !== 'event-loop') return []
  const text = loop.sources.map(source => source.text).join('; ')
  if (text === '') return loop.complete ? ['      nothing keeps its loop alive'] : []
  const asleep = loop.complete && !loop.sources.some(source => source.outside)
  const more = loop.complete ? (asleep ? '; only another thread can wake it' : '') : ' (there may be more)'
  return wrap(`kept alive by ${text}${more}`, width, '      ')
}
