/** The verdict as one sentence, and the evidence for it. */
import type { Diagnosis, Finding, ThreadVerdict, Verdict } from '../diagnosis/diagnosis.ts'
import { doing } from '../diagnosis/doing.ts'
import { edgeSentence } from '../diagnosis/findings/edge-sentence.ts'
import { capital, list, nameList, partyCount, type Roster } from '../diagnosis/roster.ts'
import { runningTest, testName } from '../diagnosis/running-test.ts'
import { taskPhrases } from '../diagnosis/task-waits.ts'
import type { EventLoop, Snapshot, Thread } from '../snapshot/model.ts'
import { circle } from './circle.ts'
import { findingStacks } from './finding-stacks.ts'
import { type Style, statusColor } from './style.ts'
import { wrap } from './wrap.ts'

/** Findings told in full; the rest has a line each. */
const inFull = 3
const mostThreads = 6

export function verdictSection(
  snapshot: Snapshot,
  diagnosis: Diagnosis,
  roster: Roster,
  style: Style,
  width: number,
): readonly string[] {
  const { verdict, findings } = diagnosis
  const [first, ...others] = findings
  const told = first !== undefined && first.title === verdict.summary
  const lines = [...headline(verdict, style, width), '', ...testLines(snapshot, diagnosis, width)]
  if (told) lines.push(...findingLines(first, roster, style, width))
  else lines.push(...withoutFinding(snapshot, diagnosis, roster, width))
  const rest = told ? others : findings
  rest.slice(0, inFull).forEach(finding => {
    lines.push('', ...findingHead(finding, style, width), '', ...findingLines(finding, roster, style, width))
  })
  for (const finding of rest.slice(inFull)) lines.push('', ...findingHead(finding, style, width))
  return lines
}

/** The tests that the processes run which make the verdict. */
function testLines({ processes }: Snapshot, { verdict, processes: verdicts }: Diagnosis, width: number) {
  const tests = processes.flatMap(process => {
    const same = verdicts.find(({ process: id }) => id === process.id)?.status === verdict.status
    const test = same ? runningTest(process) : undefined
    return test === undefined ? [] : [testName(test, process.cwd)]
  })
  const lines = [...new Set(tests)].flatMap(test => wrap(`In the test  ${test}`, width, '  ', '    '))
  return lines.length > 0 ? [...lines, ''] : []
}

function headline({ status, summary }: Verdict, style: Style, width: number): readonly string[] {
  const word = status.toUpperCase()
  const [head = '', ...more] = wrap(summary, width, `${word}  `, ' '.repeat(word.length + 2))
  return [
    style('bold', style(statusColor[status], word)) + style('bold', head.slice(word.length)),
    ...more.map(line => style('bold', line)),
  ]
}

function findingHead({ status, title }: Finding, style: Style, width: number): readonly string[] {
  return headline({ status: status ?? 'healthy', summary: title }, style, width)
}

function findingLines(finding: Finding, roster: Roster, style: Style, width: number): readonly string[] {
  const lines = [
    ...wrap(finding.explanation, width, '  ', '    '),
    ...circle(finding, roster, style),
    ...findingStacks(finding, roster, style),
    '',
  ]
  if (finding.victims.length > 0) {
    const names = nameList(finding.victims, roster, 5)
    const { length } = finding.victims
    const others = partyCount(finding.victims, roster, 'other ')
    lines.push(...wrap(`${others} ${length === 1 ? 'waits' : 'wait'} behind it: ${names}.`, width, '  '))
  }
  if (finding.doubts.length > 0) {
    lines.push(...wrap(`Why this is only suspected: ${finding.doubts.join(' ')}`, width, '  ', '    '))
  }
  lines.push(...wrap(`What would break it: ${finding.advice}.`, width, '  ', '    '))
  return lines
}

/** No finding says it: the threads that make the verdict do. */
function withoutFinding(
  snapshot: Snapshot,
  { verdict, threads }: Diagnosis,
  roster: Roster,
  width: number,
): readonly string[] {
  const { processes } = snapshot
  const same = threads.filter(({ status }) => status === verdict.status)
  const sentences = same
    .slice(0, mostThreads)
    .flatMap(thread => [
      ...threadText(thread, roster).split('\n'),
      ...inLine(thread, roster).flatMap(id => taskSentence(id, snapshot, roster)),
    ])
  // Several threads in one line tell the same of those before them.
  const lines = [...new Set(sentences)].flatMap(sentence => wrap(sentence, width, '  ', '    '))
  if (same.length > mostThreads) lines.push(`  … and ${same.length - mostThreads} more, under THREADS`)
  if (verdict.status === 'blocked') {
    const gaps = processes.some(process => process.gaps.length > 0)
    const why = gaps ? 'What could not be seen is listed at the end.' : ''
    lines.push('', ...wrap(`Nothing proves that it will never go on. ${why}`.trimEnd(), width, '  '))
  }
  return lines
}

function threadText({ thread: id, status, summary, chain }: ThreadVerdict, roster: Roster): string {
  const name = capital(roster.name(id))
  const thread = roster.thread(id)
  if (status === 'idle' && thread?.loop && summary.includes('event loop')) {
    const kept = keptBy(thread.loop)
    return kept === ''
      ? `${name} ${summary}.`
      : `${name} ${summary}. What can wake it or keeps it alive: ${kept}.`
  }
  if (chain.length === 0) return `${name} ${summary}.`
  const last = roster.thread(chain.at(-1)!.to)
  const end = last
    ? [`${capital(roster.name(last.id))} ${doing(last, roster.processOf(last.id))}${wakers(last)}.`]
    : []
  return [...chain.map(edge => edgeSentence(edge, roster)), ...end].join('\n')
}

/** What suspended functions of the thread hold and wait for: no hang by itself, but what a reader looks for. */
function taskSentence(thread: string, snapshot: Snapshot, roster: Roster): readonly string[] {
  const phrases = taskPhrases(thread, snapshot, roster)
  return phrases.length === 0 ? [] : [`${capital(roster.name(thread))} ${list(phrases)}.`]
}

/** The thread and those that it waits for; where tasks are in the line, the line tells of them already. */
function inLine({ thread, chain }: ThreadVerdict, roster: Roster): readonly string[] {
  if (chain.some(({ from }) => roster.thread(from) === undefined)) return []
  return [...new Set([thread, ...chain.map(({ to }) => to)])]
}

/** What can wake the loop that a line of waiting threads ends at. */
function wakers({ loop, looks }: Thread): string {
  const kept = loop && looks.at(-1)?.activity.kind === 'event-loop' ? keptBy(loop) : ''
  return kept === '' ? '' : `; what can wake it or keeps it alive: ${kept}`
}

function keptBy({ sources, complete }: EventLoop): string {
  const kept = sources.map(({ text }) => text).join('; ')
  return kept === '' || complete ? kept : `${kept} (there may be more)`
}
