/** Processes of several machines, or of several starts, that have one pid: each gets an id and a name of its own. */
import type { NamedSnapshot } from './merge.ts'
import { isUnknown, type Process, type Snapshot } from './model.ts'

type Host = Snapshot['host']

/** The same machine since the same start, as far as both tell. */
export function sameMachine(a: Host, b: Host): boolean {
  if (a.platform !== b.platform || a.kernel !== b.kernel) return false
  if (a.boot !== undefined && b.boot !== undefined && a.boot !== b.boot) return false
  return isUnknown(a.name) || isUnknown(b.name) || a.name === b.name
}

interface Known {
  /** The number of the snapshot that showed it first. */
  readonly part: number
  readonly host: Host
  readonly process: Process
  readonly id: string
}

/**
 * The same snapshots, in which an id stands for one process (a machine, a pid and a start) and processes of several
 * machines are named with these. Those of one machine with pids of their own stay as they are.
 */
export function withOwnNames(parts: readonly NamedSnapshot[]): readonly NamedSnapshot[] {
  const known: Known[] = []
  const several = parts.some(({ snapshot }) => nameOf(snapshot.host) !== nameOf(parts[0]!.snapshot.host))
  const ids = parts.map(({ snapshot }, part) => {
    const renamed = new Map<string, string>()
    for (const process of snapshot.processes) {
      const host = hostOf(process, snapshot)
      const same = known.find(one => one.part !== part && isSame(one, host, process))
      const id = same?.id ?? freeId(process, known)
      if (same === undefined) known.push({ part, host, process, id })
      if (id !== process.id) renamed.set(process.id, id)
    }
    return renamed
  })
  return parts.map(({ name, snapshot }, at) => {
    const renamed = ids[at]!
    const own = renamed.size === 0 ? snapshot : (withIds(snapshot, renamed) as Snapshot)
    return { name, snapshot: named(own, several, known) }
  })
}

/** One that was put among those of another machine has kept the name of its own. */
function hostOf({ machine }: Process, { host: { boot, ...host } }: Snapshot): Host {
  if (machine !== undefined) return { ...host, name: machine }
  return boot === undefined ? host : { ...host, boot }
}

function isSame({ host, process }: Known, other: Host, { pid, startTicks }: Process): boolean {
  return process.pid === pid && process.startTicks === startTicks && sameMachine(host, other)
}

function freeId({ id, pid }: Process, known: readonly Known[]): string {
  const taken = new Set(known.map(one => one.id))
  if (!taken.has(id)) return id
  let number = 2
  while (taken.has(`p${pid}-${number}`)) number++
  return `p${pid}-${number}`
}

/** `4242 on api-1`; `4242 (started 2026-11-22T10:00:00.000Z)` where several of one machine have that pid. */
function named(own: Snapshot, several: boolean, known: readonly Known[]): Snapshot {
  const twice = (process: Process) => {
    const machine = nameOf(hostOf(process, own))
    return known.filter(one => one.process.pid === process.pid && nameOf(one.host) === machine).length > 1
  }
  if (!several && !own.processes.some(twice)) return own
  return {
    ...own,
    processes: own.processes.map(process => {
      const machine = nameOf(hostOf(process, own))
      const where = several ? ` on ${machine}` : ''
      const { startedAt } = process
      const when = twice(process) && !isUnknown(startedAt) ? ` (started ${startedAt})` : ''
      const label = `${process.pid}${where}${when}`
      return process.label !== undefined || label === `${process.pid}`
        ? process
        : { ...process, label, ...(several && { machine }) }
    }),
  }
}

function nameOf({ name }: Host): string {
  return isUnknown(name) ? 'an unknown machine' : name
}

/** Ids of parties and resources begin with that of their process, and stand in reasons too. */
function withIds(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    const whole = renamed.get(value)
    if (whole !== undefined) return whole
    return value.includes('p')
      ? value.replace(/\b(p\d+(?:-\d+)?)(?=\/(?:[tnr]\d|loop ))/g, id => renamed.get(id) ?? id)
      : value
  }
  if (Array.isArray(value)) return value.map(part => withIds(part, renamed))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [withIds(key, renamed), withIds(part, renamed)]),
  )
}
