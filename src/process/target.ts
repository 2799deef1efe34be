/** Finds the process that a user named, and makes sure that it is Node and can be looked at. */
import { ImpasseError } from '../errors.ts'
import { isUnknown, type Runtime, type Unknown } from '../snapshot/model.ts'
import { commandOf, parseCommandLine } from './command-line.ts'
import { imageOf } from './executable.ts'
import { type Namespaces, namespacesOf } from './namespaces.ts'
import { readLink, requireLinux, textOf } from './proc.ts'
import { readStat, type Stat, startTime } from './stat.ts'
import { readStatus, type Status } from './status.ts'
import { notNode, unreadable, zombie } from './target-errors.ts'

/** A process that is proven to be Node. With `startTicks`, the pid names it for good. */
export interface Target {
  readonly pid: number
  /** Its pid in its own namespace: what the program itself knows as `process.pid`. */
  readonly ownPid: number
  readonly startTicks: number
  /** ISO 8601. */
  readonly startedAt: string
  readonly uid: number
  /** One letter of proc_pid_stat(5), of the main thread. */
  readonly state: string
  /** Path in the target's mount namespace. */
  readonly executable: string
  /** The file that the process runs has been replaced or removed since. */
  readonly executableDeleted: boolean
  readonly argv: readonly string[]
  readonly execArgv: readonly string[]
  readonly title?: string
  readonly cwd: string | Unknown
  readonly runtime: Runtime
  readonly namespaces: Namespaces
}

const deleted = ' (deleted)'

/** Throws an `ImpasseError` with the reason for any pid that is not a Node process which may be looked at. */
export function identify(pid: number): Target {
  requireLinux()
  const [stat, status] = existing(pid)
  const link = readLink(`/proc/${pid}/exe`)
  if (isUnknown(link)) throw unreadable(pid, stat, status, link)
  const executable = link.endsWith(deleted) ? link.slice(0, -deleted.length) : link
  const image = imageOf(pid, executable)
  if (image.kind !== 'node') throw notNode(pid, executable, image)
  const target: Target = {
    pid,
    ownPid: status.namespacePids.at(-1) ?? pid,
    startTicks: stat.startTicks,
    startedAt: new Date(startTime(stat.startTicks)).toISOString(),
    uid: status.uid,
    state: stat.state,
    executable,
    executableDeleted: link !== executable,
    ...parseCommandLine(textOf(`/proc/${pid}/cmdline`) ?? '', stat.comm, executable),
    cwd: readLink(`/proc/${pid}/cwd`),
    runtime: { name: 'node', version: image.version, v8: image.v8, arch: image.arch },
    namespaces: namespacesOf(pid),
  }
  sameProcess(target)
  return target
}

/** Throws unless the pid still names the process that was identified. To be called before every act on it. */
export function sameProcess(target: Pick<Target, 'pid' | 'startTicks'>): void {
  const stat = readStat(target.pid)
  if (stat === undefined || (stat.startTicks === target.startTicks && 'ZX'.includes(stat.state))) {
    throw new ImpasseError(
      'IMPASSE_PROCESS_EXITED',
      `Process ${target.pid} has exited meanwhile.`,
      'There is nothing left to look at; start it again and attach while it stands still.',
    )
  }
  if (stat.startTicks !== target.startTicks) {
    throw new ImpasseError(
      'IMPASSE_PROCESS_REPLACED',
      `Process ${target.pid} has exited, and its number now belongs to another process (${commandOf(target.pid)}).`,
      'Look the number up again, for instance with `impasse ps`.',
    )
  }
}

function existing(pid: number): [Stat, Status] {
  const stat = Number.isSafeInteger(pid) && pid > 0 ? readStat(pid) : undefined
  const status = stat && readStatus(pid)
  if (!stat || !status) {
    throw new ImpasseError(
      'IMPASSE_NO_SUCH_PROCESS',
      `There is no process ${pid}.`,
      'List the Node processes with `impasse ps`. A process in a container has another number outside of it.',
    )
  }
  if (status.process !== pid) {
    throw new ImpasseError(
      'IMPASSE_NO_SUCH_PROCESS',
      `${pid} is not a process but a thread ("${stat.comm}") of process ${status.process} (${commandOf(status.process)}).`,
      `Attach to the whole process: impasse ${status.process}`,
    )
  }
  if (pid === process.pid) {
    throw new ImpasseError(
      'IMPASSE_USAGE',
      `Process ${pid} is this Impasse itself.`,
      'Give the pid of another process.',
    )
  }
  if ('ZX'.includes(stat.state)) throw zombie(stat)
  return [stat, status]
}
