/** The command line: says what there is, hands over to one file for each command, and catches what users can mend. */
import { Command, CommanderError, Option } from 'commander'
import { ImpasseError } from '../errors.ts'
import { TOOL } from '../version.ts'
import { duration, format, looks, noPid, pid, statusList } from './arguments.ts'
import type { AttachOptions } from './attach.ts'
import type { CoreArguments } from './core.ts'
import { errorText } from './error-text.ts'
import type { ReportOptions } from './report.ts'
import type { RunArguments } from './run.ts'
import type { WatchArguments } from './watch.ts'

const EXIT_CODES = `
Exit codes
  0  idle or healthy: nothing points to a hang
  1  deadlock, suspected, blocked or busy (change with --fail-on)
  2  no diagnosis: no such process, not Node, no permission, wrong usage
  130, 143  interrupted by SIGINT, SIGTERM

Examples
  impasse 4242                     why does process 4242 stand still?
  impasse 4242 --json -o hang.json the same for a program
  impasse 4242 --save hang.json.gz keep all that was seen
  impasse report hang.json.gz      the same report again, later and anywhere
  impasse report hang.json.gz --html hang.html   and as a page for a browser
  impasse 4242 --tree              with all that it started
  impasse core core.4242           the same of a core dump, later and anywhere
  impasse run -- npm test          in CI: when it hangs, why, and an end to it
  impasse ps                       the Node processes here`

const RUN_EXIT_CODES = `
Exit codes
  the command's own when it ends by itself; 128 + n when a signal ends it
  124  it hung and was ended
  125  Impasse failed before the command could run; 126, 127 as a shell: not executable, not found

SIGUSR2 makes Impasse look at once and changes nothing.

Examples
  impasse run -- npm test                      looks after 5 minutes of quiet, ends only what is proved or suspected
  impasse run --quiet-for 90s -- npm test      ends whatever is quiet for 90 seconds
  impasse run --before 30m -- npm test         looks shortly before the job's limit of 30 minutes`

function build(): Command {
  const program = new Command('impasse')
    // First of all: commands that are added take this over.
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .description(
      'Says why a Node.js process stands still: who waits for what, who holds it, and on which line.',
    )
    .enablePositionalOptions()
    .helpCommand('help [command]', 'this help, or that of a command')
    .version(TOOL.version, '-v, --version')
    .argument('<pid...>', 'the processes to look at', pid)
    .addOption(formatOption())
    .addOption(jsonOption('the report as JSON, with all that was seen inside: --format json'))
    .option('--no-snapshot', 'leave that out of the JSON')
    .addOption(outputOption())
    .option('--html <file>', 'also write it as one page for a browser: the picture, all stacks, search')
    .option('--save <file>', 'also keep all that was seen, for `impasse report`; compressed as <file>.gz')
    .option('--looks <n>', 'how often each thread is looked at', looks, 2)
    .addOption(
      new Option('--timeout <duration>', 'bound of the whole attach: 500ms, 10s, 5m')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--tree', 'the process and all that it started: shells and other programs too')
    .option('--no-inspector', 'leave no trace in the target: read only what the kernel and its memory show')
    .option('--no-memory', "never read the target's memory, where the stack of a blocked main thread is")
    .addOption(
      new Option('--heap', 'look for suspended async functions at any cost: with a heap snapshot').default(
        undefined,
      ),
    )
    .option('--no-heap', 'never look for suspended async functions')
    .option(
      '--allow-stop',
      'may stop (SIGSTOP) the target for milliseconds, where a thread runs in native code and does not answer',
    )
    .option('--all-frames', "show Node's own frames, native ones and those of dependencies too")
    .option('--fail-on <statuses>', 'which verdicts give exit code 1', statusList)
    .addOption(colorOption())
    .addHelpText('after', EXIT_CODES)
    .action(async (pids: readonly number[], options: AttachOptions) => {
      process.exitCode = await (await import('./attach.ts')).attach(pids, options)
    })
  program
    .command('run')
    .description('runs a command; when it hangs, says why, ends all of its processes, and leaves reports')
    .usage('[options] -- <command> [arguments…]')
    .argument('<command...>', 'the command with its arguments')
    .addOption(
      new Option(
        '--quiet-for <duration>',
        'look after so long without output and progress; when given, also end it',
      )
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .addOption(
      new Option('--timeout <duration>', 'look and end it after so long, whatever it does').argParser(
        duration,
      ),
    )
    .addOption(
      new Option(
        '--before <duration>',
        'look shortly before this limit, which something else enforces',
      ).argParser(duration),
    )
    .addOption(
      new Option('--grace <duration>', 'between SIGTERM and SIGKILL, and for a last look when cancelled')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--report-dir <folder>', 'where the reports go', 'impasse-report')
    .option('--continue-on-hang', 'report a hang and go on waiting')
    .option(
      '--free-ports',
      'add --inspect-port=0 to NODE_OPTIONS: a quicker look at many processes; not with node:cluster',
    )
    .passThroughOptions()
    .addHelpText('after', RUN_EXIT_CODES)
    .action(async (line: readonly string[], options: RunArguments, command: Command) => {
      const given = command.getOptionValueSource('quietFor') === 'cli'
      process.exitCode = await (await import('./run.ts')).run(line, options, given)
      // Nothing that is left may hold back the exit code: a reader that hangs, a timer.
      process.exit()
    })
  program
    .command('watch')
    .description('notices a hang of a process that already runs, and tells; never ends it')
    .argument('<pid>', 'the process', text => pid(text)[0])
    .addOption(
      new Option('--quiet-for <duration>', 'look after so long without output and progress')
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .addOption(
      new Option('--on <statuses>', 'the verdicts to tell of')
        .argParser(statusList)
        .default(['deadlock', 'suspected'], 'deadlock,suspected'),
    )
    .option(
      '--command <line>',
      'run this by the shell then; IMPASSE_PID, _STATUS, _SUMMARY, _REPORT_DIR are set',
    )
    .option('--report-dir <folder>', 'where the reports go', 'impasse-report')
    .option('--once', 'end after the first one, with exit code 1')
    .action(async (watched: number, options: WatchArguments) => {
      process.exitCode = await (await import('./watch.ts')).watch(watched, options)
    })
  program
    .command('core')
    .description(
      'a core file, by the kernel or by gcore, as a report: all stacks, of JavaScript and of native code',
    )
    .argument('<file>', 'the core')
    .option('--exe <node>', 'the executable that the process ran, where it is not at its place')
    .option('--sysroot <folder>', 'where the files of the machine are found that the core is from', '/')
    .addOption(formatOption())
    .addOption(jsonOption('the report as JSON: --format json'))
    .option('--no-snapshot', 'leave the snapshot out of the JSON')
    .addOption(outputOption())
    .option('--html <file>', 'also write it as one page for a browser: the picture, all stacks, search')
    .option('--save <file>', 'also keep all that was seen, for `impasse report`; compressed as <file>.gz')
    .option('--all-frames', "show all frames: Node's own, native ones and those of dependencies too")
    .option('--fail-on <statuses>', 'which verdicts give exit code 1', statusList)
    .addOption(colorOption())
    .action(async (file: string, options: CoreArguments) => {
      process.exitCode = await (await import('./core.ts')).core(file, options)
    })
  program
    .command('report')
    .description('what was saved with --save or --json, as a report; several processes as one')
    .argument(
      '<file...>',
      'snapshots, JSON reports, diagnostic reports of Node, heap snapshots of V8; compressed or not',
    )
    .addOption(formatOption())
    .addOption(jsonOption('the report as JSON: --format json'))
    .option('--no-snapshot', 'leave the snapshot out of the JSON')
    .option('--diff', 'compare two snapshots: what is new, gone, moved')
    .addOption(outputOption())
    .option('--html <file>', 'also write it as one page for a browser: the picture, all stacks, search')
    .option('--all-frames', "show Node's own frames and those of dependencies too")
    .option('--fail-on <statuses>', 'which verdicts give exit code 1', statusList)
    .addOption(colorOption())
    .action(async (files: readonly string[], options: ReportOptions) => {
      process.exitCode = await (await import('./report.ts')).report(files, options)
    })
  program
    .command('ps')
    .description('the Node processes here, and what the main thread of each does now')
    .option('--json', 'the list as JSON')
    .action(async (_options, command: Command) => {
      process.exitCode = await (await import('./ps.ts')).ps({
        json: command.optsWithGlobals().json === true,
      })
    })
  return program
}

function formatOption(): Option {
  return new Option('--format <name>', '`list` names them').argParser(format).default('text')
}

function jsonOption(about: string): Option {
  return new Option('--json', about).implies({ format: 'json' })
}

function outputOption(): Option {
  return new Option('-o, --output <file>', 'write the report to a file (mode 0600) instead of stdout')
}

function colorOption(): Option {
  return new Option('--color <when>', 'colour the text').choices(['auto', 'always', 'never']).default('auto')
}

/** One sentence and what to do; as JSON where JSON was asked for. */
async function report(error: ImpasseError, asJson: boolean): Promise<void> {
  process.stderr.write(errorText(error))
  if (asJson) process.stdout.write((await import('../report/json.ts')).renderErrorJson(error))
}

async function main(args: readonly string[]): Promise<void> {
  try {
    const program = build()
    refuseNoCommand(program, args)
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    const asJson = args.includes('--json')
    if (error instanceof ImpasseError) {
      process.exitCode = args[0] === 'run' ? await runFailure() : error.exitCode
      await report(error, asJson)
    } else if (error instanceof CommanderError) {
      if (error.exitCode === 0) return
      process.exitCode = args[0] === 'run' ? await runFailure() : 2
      await report(usage(error), asJson)
    } else crash(error)
  }
}

/** `impasse help reprot`. */
function refuseNoCommand({ commands }: Command, [help, name]: readonly string[]): void {
  const names = commands.map(command => command.name())
  if (help !== 'help' || name === undefined || name.startsWith('-') || names.includes(name)) return
  throw new ImpasseError(
    'IMPASSE_USAGE',
    `There is no command "${name}".`,
    `The commands are ${names.join(', ')}; \`impasse --help\` tells what they do.`,
  )
}

async function runFailure(): Promise<number> {
  return (await import('../run/options.ts')).OWN_FAILURE_EXIT_CODE
}

/** A bug of Impasse: no diagnosis, and all that helps to mend it. */
function crash(error: unknown): void {
  process.exitCode = 2
  const stack = error instanceof Error ? error.stack : String(error)
  process.stderr.write(`impasse: internal error, please report it\n${stack}\n`)
}

function usage(error: CommanderError): ImpasseError {
  const negative = error.code === 'commander.unknownOption' ? /'(-\d+)'/.exec(error.message) : null
  if (negative) return noPid(negative[1]!)
  const message = error.message.replace(/^error: /, '')
  return new ImpasseError(
    'IMPASSE_USAGE',
    `${message.charAt(0).toUpperCase()}${message.slice(1)}.`.replace('..', '.'),
    'See `impasse --help`.',
  )
}

process.once('uncaughtException', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no failure of ours.
  if (error.code !== 'EPIPE') crash(error)
  process.exit()
})
await main(process.argv.slice(2))
