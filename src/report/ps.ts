/** The list of `impasse ps`, as text and as JSON. Pure. */
import type { ProcessList } from '../process/processes.ts'
import { isUnknown } from '../snapshot/model.ts'
import { wrap } from './wrap.ts'

const headings = ['PID', 'NODE', 'UPTIME', 'CPU', 'PORT', 'MAIN THREAD', 'COMMAND']
/** Numbers stand at the right of their column. */
const rightAligned = new Set(['PID', 'UPTIME', 'CPU', 'PORT'])

/** A table whose lines are cut to `width` columns; uncut without it. `asRoot`: it was root who could not see more. */
export function renderProcessList(
  { processes, unreadable }: ProcessList,
  width = Number.POSITIVE_INFINITY,
  asRoot = false,
): string {
  const rows = processes.map(process => [
    String(process.pid),
    isUnknown(process.version) ? '?' : process.version,
    duration(process.uptimeMs),
    `${process.cpuPercent}%`,
    process.inspectorPort === null ? '-' : String(process.inspectorPort),
    process.mainThread,
    process.command,
  ])
  const lines = processes.length === 0 ? ['No Node.js process found.'] : table([headings, ...rows])
  return `${[...lines.map(line => cut(line, width)), ...remarks(unreadable, asRoot).flatMap(line => wrap(line, width, ''))].join('\n')}\n`
}

/** Names are those of `NodeProcess`: stable. */
export function renderProcessListJson(list: ProcessList): string {
  return `${JSON.stringify({ format: 'impasse-processes', version: 1, ...list }, null, 2)}\n`
}

/** `41s`, `12m`, `3h 20m`, `9d 4h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [minutes, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 86400),
  ]
  if (days > 0) return `${days}d ${hours % 24}h`
  if (hours > 0) return `${hours}h ${minutes % 60}m`
  return minutes > 0 ? `${minutes}m` : `${seconds}s`
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row =>
    row
      .map((cell, column) =>
        rightAligned.has(headings[column]!) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  )
}

function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line
}

function remarks(unreadable: number, asRoot: boolean): string[] {
  if (unreadable === 0) return []
  const what = unreadable === 1 ? '1 process of another user' : `${unreadable} processes of other users`
  if (!asRoot) return ['', `${what} cannot be looked at, and may be Node too: run as root to see.`]
  const which = unreadable === 1 ? '1 process' : `${unreadable} processes`
  return [
    '',
    `${which} cannot be looked at, and may be Node too: the kernel refuses it even to root here, because the capability CAP_SYS_PTRACE is missing (a container has it with --cap-add=SYS_PTRACE) or the process is protected.`,
  ]
}
