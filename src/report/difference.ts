/** Two snapshots side by side: what is new, what is gone, who moved, which locks changed hands. */
import type { Diagnosis, Finding } from '../diagnosis/diagnosis.ts'
import { doing } from '../diagnosis/doing.ts'
import { bare, buildRoster, list, type Roster } from '../diagnosis/roster.ts'
import { lastLook, sameFrames } from '../diagnosis/stay.ts'
import type { Snapshot, Thread } from '../snapshot/model.ts'
import { printable } from './printable.ts'
import { statusColor, styleFor } from './style.ts'
import type { TextOptions } from './text.ts'
import { wrap } from './wrap.ts'

/** One side of a comparison; `name` is what the reader calls it: its file. */
export interface Side {
  readonly name: string
  readonly snapshot: Snapshot
  readonly diagnosis: Diagnosis
}

/** Threads are matched by process and id where both show one process, else by their place: main, worker 1 and so on. */
export function renderDifference(before: Side, after: Side, options: TextOptions = {}): string {
  const { color = false, width = 100 } = options
  const style = styleFor(color)
  const sides = [before, after].map(side => new View(side)) as [View, View]
  const verdicts = [before, after].map(({ name, snapshot, diagnosis: { verdict } }, at) => {
    const label = at === 0 ? 'before' : 'after '
    const told = `${label}  ${verdict.status}  ${verdict.summary} (${name}, ${snapshot.capturedAt})`
    const [head = '', ...more] = wrap(told, width, '  ', '          ')
    return [head.replace(verdict.status, style(statusColor[verdict.status], verdict.status)), ...more]
  })
  const sections = [
    [style('bold', 'DIFFERENCE'), ...verdicts.flat()],
    section('FINDINGS', findings(...sides)),
    section('THREADS', threads(...sides)),
    section('LOCKS', locks(...sides)),
  ]
  const body = sections.filter(lines => lines.length > 0)
  const none = body.length === 1 ? [['  Nothing else differs.']] : []
  return `${printable([...body, ...none].map(lines => lines.join('\n')).join('\n\n'), color)}\n`

  function section(title: string, lines: readonly string[]): readonly string[] {
    if (lines.length === 0) return []
    return [style('bold', title), ...lines.flatMap(line => wrap(line, width, '  ', '        '))]
  }
}

class View {
  readonly diagnosis: Diagnosis
  readonly roster: Roster
  /** By the key under which threads of both sides meet. */
  readonly threads: ReadonlyMap<string, Thread>
  readonly snapshot: Snapshot
  readonly #positions: ReadonlyMap<string, number>

  constructor({ snapshot, diagnosis }: Side) {
    this.snapshot = snapshot
    this.diagnosis = diagnosis
    this.roster = buildRoster(snapshot)
    this.#positions = new Map(snapshot.processes.map(({ id }, at) => [id, at]))
    const scripted = snapshot.processes.flatMap(({ threads }) => threads.filter(one => one.threadId !== null))
    this.threads = new Map(scripted.map(thread => [this.keyOf(thread.id), thread]))
  }

  /** The same in both sides also where the pid has changed. */
  keyOf(party: string): string {
    const [process = '', ...rest] = party.split('/')
    return [this.#positions.get(process) ?? process, ...rest].join('/')
  }

  name(party: string): string {
    return bare(this.roster.name(party))
  }
}

function findings(before: View, after: View): readonly string[] {
  const key = (view: View, { kind, parties }: Finding) =>
    [kind, ...parties.map(party => view.keyOf(party)).sort()].join(' ')
  const old = new Map(before.diagnosis.findings.map(finding => [key(before, finding), finding]))
  const now = new Map(after.diagnosis.findings.map(finding => [key(after, finding), finding]))
  return [
    ...[...now].map(([id, { status, title }]) => {
      const was = old.get(id)
      if (was === undefined) return `new    ${status}: ${title}`
      return was.status === status
        ? `still  ${status}: ${title}`
        : `now    ${status}, was ${was.status}: ${title}`
    }),
    ...[...old].flatMap(([id, { status, title }]) => (now.has(id) ? [] : [`gone   ${status}: ${title}`])),
  ]
}

function threads(before: View, after: View): readonly string[] {
  const lines: string[] = []
  let same = 0
  for (const [key, thread] of after.threads) {
    const was = before.threads.get(key)
    const name = after.name(thread.id)
    const does = doing(thread, after.roster.processOf(thread.id))
    if (was === undefined) lines.push(`new    ${name} ${does}`)
    else if (sameFrames(lastLook(was)?.frames ?? [], lastLook(thread)?.frames ?? [])) same += 1
    else lines.push(`moved  ${name} ${does}; before it ${doing(was, before.roster.processOf(was.id))}`)
  }
  for (const [key, thread] of before.threads)
    if (!after.threads.has(key)) lines.push(`gone   ${before.name(thread.id)}`)
  return lines.length > 0 && same > 0 ? [...lines, `same   ${same} others`] : lines
}

/** By their labels: the ids of resources are numbers of one snapshot. */
function locks(before: View, after: View): readonly string[] {
  const [old, now] = [before, after].map(view => {
    const held = new Map<string, string>()
    for (const { id, label, sort } of view.snapshot.resources) {
      if (sort !== 'reusable') continue
      const holders = view.snapshot.holds.filter(({ resource }) => resource === id)
      const waiting = new Set(
        view.snapshot.waits
          .filter(({ request }) => JSON.stringify(request).includes(JSON.stringify(id)))
          .map(({ party }) => party),
      )
      const by = holders.length === 0 ? 'nobody known' : list(holders.map(({ party }) => view.name(party)))
      held.set(label, `held by ${by}, ${waiting.size} ${waiting.size === 1 ? 'waits' : 'wait'}`)
    }
    return held
  }) as [Map<string, string>, Map<string, string>]
  return [
    ...[...now].flatMap(([label, holder]) => {
      const was = old.get(label)
      if (was === holder) return []
      return [was === undefined ? `new    ${label}: ${holder}` : `moved  ${label}: ${holder}; before ${was}`]
    }),
    ...[...old.keys()].flatMap(label => (now.has(label) ? [] : [`free   ${label}: nobody waits for it`])),
  ]
}
