/** `/proc/<pid>/cmdline`: how a program was started (proc_pid_cmdline(5)). */
import { basename } from 'node:path'
import { redactedArguments } from '../snapshot/secrets.ts'
import { textOf } from './proc.ts'

export interface CommandLine {
  /** Without the flags of Node: `['node', 'server.js', '--port', '80']`. */
  readonly argv: readonly string[]
  /** Node's flags with their values, before the script. */
  readonly execArgv: readonly string[]
  /** Set when the program has written a title over its arguments (`process.title = …`): then these are lost. */
  readonly title?: string
}

/** Flags of Node whose value is the next argument (`node --help`; V8's own flags always use `=`). */
const withValue = new Set(
  [
    '-r --require --import --loader --experimental-loader -e --eval -p --print -pe -C --conditions --env-file',
    '--env-file-if-exists --input-type --inspect-port --debug-port --title --icu-data-dir --openssl-config',
    '--redirect-warnings --disable-warning --unhandled-rejections --trace-event-categories --diagnostic-dir',
    '--report-dir --report-directory --report-filename --report-signal --max-http-header-size --dns-result-order',
    '--stack-trace-limit --test-name-pattern --test-reporter --test-reporter-destination --watch-path --run',
    '--experimental-default-type --tls-min-v1.2 --allow-fs-read --allow-fs-write --secure-heap',
  ].flatMap(line => line.split(' ')),
)

/** Splits arguments as Node does: its flags end at the first argument that is neither a flag nor a flag's value. */
export function splitArguments(args: readonly string[]): { argv: string[]; execArgv: string[] } {
  let end = 1
  while (end < args.length && /^-./.test(args[end]!)) {
    if (args[end] === '--') break
    end += withValue.has(args[end]!) ? 2 : 1
  }
  end = Math.min(end, args.length)
  const script = args[end] === '--' ? end + 1 : end
  return { argv: [...args.slice(0, 1), ...args.slice(script)], execArgv: args.slice(1, end) }
}

/**
 * `comm` is the name of the main thread: libuv writes a title there too (uv_set_process_title), and fills what is left
 * of the arguments' memory with NULs.
 */
export function parseCommandLine(text: string, comm = '', executable = ''): CommandLine {
  const args = text.replace(/\0+$/, '').split('\0')
  const padded = args.length === 1 && /\0\0$/.test(text)
  const renamed =
    args.length === 1 &&
    args[0]!.startsWith(comm) &&
    comm !== '' &&
    comm !== basename(executable).slice(0, 15)
  if (padded || (renamed && basename(args[0]!) !== basename(executable)))
    return { argv: args, execArgv: [], title: args[0]! }
  return splitArguments(args)
}

/** One line for messages and lists: `node server.js`, without what looks like a secret, with control characters made visible and cut at `limit`. */
export function commandOf(pid: number, limit = 200): string {
  const args = (textOf(`/proc/${pid}/cmdline`) ?? '').replace(/\0+$/, '').split('\0')
  // The lines of a program's text (`node -e`, `sh -c`) as one.
  const lines = redactedArguments(args).map(argument => argument.trim().replace(/\s*\n\s*/g, ' '))
  const text = lines.map(printable).join(' ')
  if (text === '') return (textOf(`/proc/${pid}/comm`) ?? '?').trim()
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}

/** A title or argument comes from the target: nothing in it may reach a terminal as a control sequence. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
