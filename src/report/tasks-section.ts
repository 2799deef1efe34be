/** Suspended async functions as a tree: from the outermost call in, down to what the innermost waits for. */
import { duration } from '../diagnosis/doing.ts'
import { functionName, lineText, placeText } from '../diagnosis/frame-text.ts'
import { requestParts, timeLimit } from '../diagnosis/request-parts.ts'
import { bare, counted, list, type Roster, threadName } from '../diagnosis/roster.ts'
import {
  type Frame,
  type Hold,
  isUnknown,
  type Process,
  type Snapshot,
  type Task,
} from '../snapshot/model.ts'
import type { Style } from './style.ts'

/** The number of a task before what it does. */
const ownNumber = /(^|; )task \d+ (?=waits for|holds)/

const mostRoots = 30
const mostLines = 120
const mostDepth = 12

interface Line {
  readonly indent: number
  readonly name: string
  readonly place: string
  readonly note: string
}

/** Empty where no task is known. */
export function tasksSection(
  process: Process,
  snapshot: Snapshot,
  roster: Roster,
  allFrames: boolean,
  style: Style,
): readonly string[] {
  const tasks = (process.tasks ?? []).filter(
    ({ frames }) => allFrames || frames.some(({ owner }) => owner !== 'node'),
  )
  if (tasks.length === 0) return []
  const tree = new Tree(process, snapshot, roster, allFrames, tasks)
  const threads = [...new Set(tasks.map(({ thread }) => thread))]
  const title = `${style('bold', 'TASKS')}  ${counted(tasks.length, 'suspended call', 'suspended calls')} of async functions`
  const lines = threads.flatMap(id => {
    const thread = roster.thread(id)
    const own = tasks.filter(task => task.thread === id)
    const head = threads.length > 1 && thread ? [`  ${style('bold', bare(threadName(thread)))}`] : []
    return [...head, ...tree.of(own, style)]
  })
  return [title, ...lines]
}

class Tree {
  readonly #process: Process
  readonly #roster: Roster
  readonly #allFrames: boolean
  readonly #byId: ReadonlyMap<string, Task>
  readonly #holds = new Map<string, Hold[]>()
  readonly #labels: ReadonlyMap<string, string>
  readonly #holders = new Map<string, string[]>()
  readonly #asks = new Map<string, readonly string[]>()
  readonly #limits = new Map<string, string>()
  readonly #shown = new Set<string>()

  constructor(
    process: Process,
    { holds, resources, waits }: Snapshot,
    roster: Roster,
    allFrames: boolean,
    tasks: readonly Task[],
  ) {
    this.#process = process
    this.#roster = roster
    this.#allFrames = allFrames
    this.#byId = new Map(tasks.map(task => [task.id, task]))
    this.#labels = new Map(resources.map(({ id, label }) => [id, label]))
    for (const hold of holds) {
      push(this.#holds, hold.party, hold)
      push(this.#holders, hold.resource, hold.party)
    }
    for (const { party, request } of waits) {
      const until = timeLimit(request)
      if (until)
        this.#limits.set(
          party,
          until.inMs === null ? ', with a time limit' : `, for at most ${duration(until.inMs)}`,
        )
      this.#asks.set(party, [
        ...(this.#asks.get(party) ?? []),
        ...requestParts(request).asks.flatMap(({ kind, resource }) => (kind === 'units' ? [resource] : [])),
      ])
    }
  }

  of(tasks: readonly Task[], style: Style): readonly string[] {
    const awaited = new Set(tasks.flatMap(({ id, awaits }) => awaits.filter(other => other !== id)))
    const roots = tasks.filter(({ id }) => !awaited.has(id))
    const trees: (readonly Line[])[] = []
    for (const task of [...roots, ...tasks]) if (!this.#shown.has(task.id)) trees.push(this.#tree(task, 0))
    const merged = new Map<string, { readonly lines: readonly Line[]; count: number }>()
    for (const lines of trees) {
      // Those that differ by their number only are told once.
      const unnumbered = lines.map(line => ({ ...line, note: line.note.replace(ownNumber, '$1') }))
      const key = JSON.stringify(unnumbered)
      const same = merged.get(key)
      if (same) merged.set(key, { lines: unnumbered, count: same.count + 1 })
      else merged.set(key, { lines, count: 1 })
    }
    const all = [...merged.values()]
    const lines = all.slice(0, mostRoots).flatMap(({ lines, count }) => this.#layOut(lines, count, style))
    const more = all.length - mostRoots
    const cut = lines.length > mostLines ? [...lines.slice(0, mostLines), '    … and more'] : lines
    return more > 0 ? [...cut, `    … and ${more} more`] : cut
  }

  #tree(task: Task, indent: number): readonly Line[] {
    this.#shown.add(task.id)
    const lines: Line[] = []
    const holds = this.#holds.get(task.id) ?? []
    let depth = indent
    let folded = 0
    const unfold = () => {
      // What led to the outermost function of the program is Node's loading of it.
      if (folded > 0 && depth > 0)
        lines.push({ indent: depth, name: `… ${counted(folded, 'frame')} of libraries`, place: '', note: '' })
      folded = 0
    }
    const { frames } = task
    for (let at = frames.length - 1; at >= 0; at--) {
      const frame = frames[at]!
      const held = holds.filter(hold => hold.frame === at)
      if (!this.#allFrames && frame.owner !== 'program' && held.length === 0 && frames.some(isOwn)) {
        folded++
        continue
      }
      unfold()
      lines.push({
        indent: depth++,
        name: functionName(frame),
        place: placeText(frame, this.#process),
        note: held.map(hold => this.#holdText(hold)).join('; '),
      })
    }
    folded = 0
    const loose = holds.filter(({ frame }) => frame === undefined)
    const children = task.awaits.flatMap(id => (id === task.id ? [] : (this.#byId.get(id) ?? [])))
    const leaf = this.#waitText(task, children)
    const label = task.label === undefined ? [] : [`(${task.label})`]
    const [number = ''] = /^task \d+ /.exec(this.#name(task.id)) ?? []
    const said = [...loose.map(hold => this.#holdText(hold)), leaf].filter(text => text !== '')
    const notes = [...label, ...said.map((text, at) => (at === 0 ? `${number}${text}` : text))]
    const last = lines.at(-1)
    if (last !== undefined && notes.length > 0)
      lines[lines.length - 1] = {
        ...last,
        note: [last.note, ...notes].filter(text => text !== '').join('; '),
      }
    for (const child of children) {
      if (this.#shown.has(child.id) || depth > mostDepth)
        lines.push({ indent: depth, name: `↺ ${this.#name(child.id)}`, place: '', note: 'shown above' })
      else lines.push(...this.#tree(child, depth))
    }
    return lines
  }

  #waitText({ id, waitsFor }: Task, children: readonly Task[]): string {
    const asks = this.#asks.get(id) ?? []
    const held = asks.flatMap(resource => {
      const label = this.#labels.get(resource)
      const by = [...new Set(this.#holders.get(resource) ?? [])]
      if (label === undefined || by.length === 0) return []
      const names = by.map(party => (party === id ? 'itself' : this.#name(party)))
      const few = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names
      return [`${label}, held by ${list(few)}${by.includes(id) ? ' ↺' : ''}`]
    })
    const limit = this.#limits.get(id)
    if (held.length > 0) return `waits for ${[...new Set(held)].join(' and ')}${limit ?? ''}`
    return children.length > 0 ? '' : `waits for ${waitsFor}`
  }

  #holdText({ resource, acquiredAt }: Hold): string {
    const line = isUnknown(acquiredAt) ? undefined : lineText(acquiredAt)
    return `holds ${this.#labels.get(resource) ?? resource}${line === undefined ? '' : `, acquired at ${line}`}`
  }

  #name(party: string): string {
    return this.#roster.name(party)
  }

  #layOut(lines: readonly Line[], count: number, style: Style): readonly string[] {
    const width = Math.min(
      44,
      Math.max(...lines.map(({ indent, name, place }) => (place === '' ? 0 : indent * 2 + name.length))),
    )
    const places = Math.min(44, Math.max(...lines.map(({ place }) => place.length)))
    return lines.map(({ indent, name, place, note }, at) => {
      const branch = indent === 0 ? '' : `${'  '.repeat(indent - 1)}└ `
      const head = `    ${`${branch}${name}`.padEnd(width)}  ${place.padEnd(places)}`
      const times = at === 0 && count > 1 ? style('bold', `× ${count}`) : ''
      const tail = [times, note === '' ? '' : `${style('bold', '◀── ')}${note}`]
        .filter(text => text !== '')
        .join('  ')
      return `${head}  ${tail}`.trimEnd()
    })
  }
}

function isOwn({ owner }: Frame): boolean {
  return owner === 'program'
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}
