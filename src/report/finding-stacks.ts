/** The stacks of those that a finding is about, with the frames marked that wait and that hold. */
import type { Edge, Finding } from '../diagnosis/diagnosis.ts'
import { duration } from '../diagnosis/doing.ts'
import { lineText } from '../diagnosis/frame-text.ts'
import type { Roster } from '../diagnosis/roster.ts'
import { capital } from '../diagnosis/roster.ts'
import { lastLook } from '../diagnosis/stay.ts'
import { type Hold, isUnknown, type Thread, type Wait } from '../snapshot/model.ts'
import { layOut, type Row } from './rows.ts'
import { type Mark, stackRows } from './stack.ts'
import type { Style } from './style.ts'

/** Frames around the marked ones; the whole stack stands under THREADS. */
const around = 3
/** So many parties are shown with what is around the marked frames; a screen has an end. */
const inFull = 3
/** So many are shown at all. */
const mostParties = 6

export function findingStacks(finding: Finding, roster: Roster, style: Style): readonly string[] {
  const alone = finding.parties.length === 1
  const compact = finding.parties.length > inFull
  const shown = finding.parties.slice(0, mostParties).flatMap(party => {
    const all = partyRows(party, finding, roster)
    const rows = compact ? all.filter(({ label }) => label !== '').map(row => ({ ...row, source: '' })) : all
    if (rows.length === 0) return []
    const title = alone ? [] : [`    ${style('bold', capital(roster.name(party)))}`]
    const lines = layOut(
      rows,
      '    ',
      rows.some(({ label }) => label !== ''),
      style,
    )
    return compact ? [...title, ...lines] : ['', ...title, ...lines]
  })
  const more = finding.parties.length - mostParties
  if (shown.length === 0) return []
  return [
    ...(compact ? [''] : []),
    ...shown,
    ...(more > 0 ? ['', `    … and ${more} more, under THREADS`] : []),
  ]
}

function partyRows(party: string, finding: Finding, roster: Roster): readonly Row[] {
  const frames = roster.framesOf(party)
  const thread = roster.thread(party)
  const marks = new Map<number, Mark>()
  const itself = finding.kind === 'reentrancy'
  const wait = finding.waits.find(one => one.party === party)
  if (wait && frames.length > 0) {
    const asks =
      finding.cycle.find(({ from }) => from === party) ?? finding.edges.find(({ from }) => from === party)
    const mark = itself ? 'second acquisition' : asks ? `waits for ${asks.resource.label}` : 'waits'
    const from = wait.frame ?? 0
    // Of a task the innermost functions may be a library's, which do not say what is waited for.
    if (thread || from === 0)
      marks.set(0, {
        label: 'waits',
        mark: from === 0 ? mark : '',
        note: `${wait.call}${thread ? limitText(thread, wait) : ''}`,
      })
    if (from > 0) marks.set(from, { label: thread ? 'from' : 'waits', mark, note: thread ? '' : wait.call })
  }
  for (const edge of finding.edges) {
    const { by } = edge
    if (edge.to !== party || by.kind !== 'hold' || by.hold.frame === undefined) continue
    const text = `${holdText(edge, by.hold, itself)}${edge.sure ? '' : ', not sure'}`
    const there = marks.get(by.hold.frame)
    if (there?.mark.includes(text)) continue
    marks.set(by.hold.frame, {
      label: there?.label || 'holds',
      mark: there?.mark ? `${there.mark}; ${text}` : text,
      note: there?.note ?? '',
    })
  }
  if (thread && finding.standstill?.thread === party) markLoop(thread, finding, marks)
  const last = Math.max(-1, ...marks.keys())
  const cut = frames.slice(0, last + 2)
  const rows = stackRows(cut, roster.processOf(party), { allFrames: false, most: marks.size + around }, marks)
  return marks.size === 0 ? [] : rows
}

function holdText({ resource }: Edge, { at, acquiredAt }: Hold, itself: boolean): string {
  const line = isUnknown(acquiredAt) ? (isUnknown(at) ? undefined : lineText(at)) : lineText(acquiredAt)
  const where = line === undefined ? '' : ` at ${line}`
  return itself
    ? `first acquisition,${where || ' still'}, not released`.replace(', still,', ',')
    : `holds ${resource.label}${where && `, acquired${where}`}`
}

function limitText(thread: Thread, { call }: Wait): string {
  const activity = lastLook(thread)?.activity
  if (activity?.kind !== 'parked' || isUnknown(activity.timeoutMs) || call === '') return ''
  return activity.timeoutMs === null ? ', no timeout' : `, timeout ${duration(activity.timeoutMs)}`
}

/** The loop is the innermost frame that all looks share. */
function markLoop(thread: Thread, { standstill }: Finding, marks: Map<number, Mark>): void {
  const frames = lastLook(thread)?.frames ?? []
  if (!standstill || standstill.stayed.length === 0) return
  const loop = frames.length - standstill.stayed.length
  const lines = new Set(standstill.positions.map(({ line }) => (isUnknown(line) ? '?' : line)))
  const seen = lines.size > 1 ? `, at lines ${[...lines].join(', ')}` : ''
  const looks = thread.looks.length === 2 ? 'both' : `all ${thread.looks.length}`
  marks.set(loop, { label: '', mark: `on the stack in ${looks} looks${seen}`, note: '' })
  const entry = frames.findLastIndex(({ owner }) => owner !== 'node')
  if (entry > loop) marks.set(entry, { label: '', mark: 'the call from the event loop', note: '' })
}
