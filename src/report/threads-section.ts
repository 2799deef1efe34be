/** Every thread: those that run JavaScript with their stacks, the others grouped. */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { bare, processName, threadName } from '../diagnosis/roster.ts'
import { lastLook } from '../diagnosis/stay.ts'
import { isUnknown, type Process } from '../snapshot/model.ts'
import { kernelThreads } from './kernel-threads.ts'
import { layOut } from './rows.ts'
import { stackRows } from './stack.ts'
import { type Style, statusColor } from './style.ts'
import { activityText, cpuText, loopText, tidText } from './thread-text.ts'
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
  const { runtime, argv, threads } = process
  const version = isUnknown(runtime.version) ? '' : ` ${runtime.version}`
  const title = `${style('bold', 'THREADS')}  process ${processName(process)}, ${runtime.name === 'node' ? `node${version}` : 'not Node'}: ${argv.join(' ')}`
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
    const loop = loopText(thread)
    const rows = stackRows(frames, process, { allFrames, most: mostFrames })
    return [
      `  ${head.filter(text => text !== '').join('  ')}`,
      ...(loop === '' ? [] : wrap(loop, width, '      ')),
      ...tasksOf(thread.id).flatMap(text => wrap(text, width, '      ', '        ')),
      ...layOut(rows, '      ', false, style),
    ]
  })
  return [title, ...lines, ...kernelThreads(threads)]
}
