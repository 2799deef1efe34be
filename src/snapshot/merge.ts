/** Snapshots of different processes as one. */
import { ImpasseError } from '../errors.ts'
import { isUnknown, type Process, type Request, type Snapshot } from './model.ts'
import { sameMachine, withOwnNames } from './own-names.ts'

/** A snapshot and what it is called in errors: its file. */
export interface NamedSnapshot {
  readonly name: string
  readonly snapshot: Snapshot
}

/** The newest snapshot of each process, and the older ones of the same processes, oldest first. */
export interface Arranged {
  readonly newest: readonly [NamedSnapshot, ...NamedSnapshot[]]
  readonly earlier: readonly Snapshot[]
}

/** Looks at one process, by pid, start time and host, make a timeline: a newer snapshot that shows all of an older one's. */
export function arrange(given: readonly [NamedSnapshot, ...NamedSnapshot[]]): Arranged {
  const parts = withOwnNames(given)
  const byAge = [...parts].sort(
    (a, b) => Date.parse(a.snapshot.capturedAt) - Date.parse(b.snapshot.capturedAt),
  )
  const isOlder = ({ snapshot }: NamedSnapshot, at: number) =>
    snapshot.processes.length > 0 &&
    byAge.slice(at + 1).some(({ snapshot: newer }) => showsAllOf(newer, snapshot))
  const newest = byAge.filter((part, at) => !isOlder(part, at))
  const kept = parts.filter(part => newest.includes(part))
  return {
    newest: kept as [NamedSnapshot, ...NamedSnapshot[]],
    earlier: byAge.filter(part => !newest.includes(part)).map(({ snapshot }) => snapshot),
  }
}

function showsAllOf(newer: Snapshot, older: Snapshot): boolean {
  return (
    sameMachine(newer.host, older.host) &&
    older.processes.every(({ pid, startTicks }) =>
      newer.processes.some(one => one.pid === pid && one.startTicks === startTicks),
    )
  )
}

/** One alone stays as it is. Throws an `ImpasseError` where two show one process. */
export function mergeSnapshots(given: readonly [NamedSnapshot, ...NamedSnapshot[]]): Snapshot {
  if (given.length === 1) return given[0].snapshot
  const parts = withOwnNames(given)
  const [first, ...others] = parts as [NamedSnapshot, ...NamedSnapshot[]]
  refuseTwice(parts)
  const taken = new Set(first.snapshot.resources.map(({ id }) => id))
  const all = [first.snapshot, ...others.map(({ snapshot }) => renumbered(snapshot, taken))]
  return {
    ...first.snapshot,
    capturedAt: all.map(({ capturedAt }) => capturedAt).sort()[0]!,
    looks: Math.min(...all.map(({ looks }) => looks)),
    cost: {
      wallMs: Math.max(...all.map(({ cost }) => cost.wallMs)),
      pausedWaves: Math.max(...all.map(({ cost }) => cost.pausedWaves)),
    },
    processes: all.flatMap(({ processes }) => processes),
    resources: all.flatMap(({ resources }) => resources),
    holds: all.flatMap(({ holds }) => holds),
    productions: all.flatMap(({ productions }) => productions),
    waits: all.flatMap(({ waits }) => waits),
  }
}

function refuseTwice(parts: readonly NamedSnapshot[]): void {
  const shownBy = new Map<string, string>()
  for (const { name, snapshot } of parts)
    for (const { id, pid } of snapshot.processes) {
      const other = shownBy.get(id)
      if (other !== undefined)
        throw new ImpasseError(
          'IMPASSE_USAGE',
          `${other} and ${name} both show process ${pid}, and neither shows all that the other does.`,
          'Leave one of them out: of several looks at one process, the newest has to show all that is in the older ones.',
        )
      shownBy.set(id, name)
    }
}

/** Resources are numbered within a snapshot; `taken` are the numbers that others have. */
function renumbered(snapshot: Snapshot, taken: Set<string>): Snapshot {
  let next = 1
  const names = new Map<string, string>()
  const nameOf = (id: string): string => {
    const known = names.get(id)
    if (known !== undefined) return known
    while (taken.has(`r${next}`)) next++
    const name = `r${next}`
    taken.add(name)
    names.set(id, name)
    return name
  }
  const inRequest = (request: Request): Request => {
    if ('requests' in request) return { ...request, requests: request.requests.map(inRequest) }
    return 'resource' in request ? { ...request, resource: nameOf(request.resource) } : request
  }
  return {
    ...snapshot,
    processes: snapshot.processes.map(one => withRenumbered(one, nameOf)),
    resources: snapshot.resources.map(one => ({ ...one, id: nameOf(one.id) })),
    holds: snapshot.holds.map(one => ({ ...one, resource: nameOf(one.resource) })),
    productions: snapshot.productions.map(one => ({ ...one, resource: nameOf(one.resource) })),
    waits: snapshot.waits.map(one => ({ ...one, request: inRequest(one.request) })),
  }
}

/** The rules that may run again know their resources by number too. */
function withRenumbered(process: Process, nameOf: (id: string) => string): Process {
  const { recording } = process
  if (recording === undefined || isUnknown(recording)) return process
  return { ...process, recording: { ...recording, resources: recording.resources.map(nameOf) } }
}
