/** The command that is watched: started with our own stdio, so that nothing about it changes, and let run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { readStat } from '../process/stat.ts'
import type { ProcessIdentity, Token } from '../process/tree.ts'
import { TOKEN } from './running-tests.ts'

/** How a command ended, as a shell tells it (128 + n for a signal). */
export type Ended =
  | { readonly how: 'exit'; readonly code: number }
  | { readonly how: 'signal'; readonly signal: NodeJS.Signals }

export interface Command {
  readonly child: ChildProcess
  readonly identity: ProcessIdentity
  readonly token: Token
  readonly ended: Promise<Ended>
}

/** The command could not be started: 127 when there is no such file, 126 when it may not be run (as sh does). */
export interface NotStarted {
  readonly code: 126 | 127
  readonly message: string
}

/**
 * `freePorts` lets every Node of the tree take any free port for its inspector. Not by default: `node:cluster` refuses to
 * start workers then (it counts up from port 0), and `node --test` runs one file at a time.
 */
export async function startCommand(
  file: string,
  args: readonly string[],
  freePorts: boolean,
): Promise<Command | NotStarted> {
  const value = randomUUID()
  const outer = process.env[TOKEN]
  const child = spawn(file, [...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(freePorts ? { NODE_OPTIONS: withFreePort(process.env.NODE_OPTIONS) } : {}),
      [TOKEN]: outer === undefined ? value : `${outer}:${value}`,
    },
  })
  const ended = new Promise<Ended>(resolve => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { how: 'exit', code: code ?? 0 } : { how: 'signal', signal }),
    )
  })
  const failure = await new Promise<NodeJS.ErrnoException | undefined>(resolve => {
    child.once('spawn', () => resolve(undefined))
    child.once('error', resolve)
  })
  if (failure !== undefined) return notStarted(file, failure)
  const pid = child.pid!
  const identity = { pid, startTicks: readStat(pid)?.startTicks ?? 0 }
  return { child, identity, token: { name: TOKEN, value }, ended }
}

/** Inspectors that somebody opens later take any free port, so those of a tree never collide. */
function withFreePort(options: string | undefined): string {
  const own = '--inspect-port=0'
  if (options === undefined || options.trim() === '') return own
  return /--(inspect|debug)(-port|-brk)?=/.test(options) ? options : `${options} ${own}`
}

function notStarted(file: string, error: NodeJS.ErrnoException): NotStarted {
  const missing = error.code === 'ENOENT'
  const why = missing
    ? 'there is no such command'
    : error.code === 'EACCES'
      ? 'it may not be executed'
      : error.message
  return { code: missing ? 127 : 126, message: `The command ${file} could not be started: ${why}.` }
}

/** The exit code that tells a caller the same. */
export function exitCodeOf(ended: Ended): number {
  return ended.how === 'exit' ? ended.code : 128 + (constants.signals[ended.signal] ?? 0)
}
