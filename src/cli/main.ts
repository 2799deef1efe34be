/** The command line: says what there is, hands over to one file for each command, and catches what users can mend. */
import { Command, CommanderError, Option } from 'commander'
import { ImpasseError } from '../errors.ts'
import { TOOL } from '../version.ts'
import { duration, looks, noPid, pid, statusList } from './arguments.ts'
import type { AttachOptions } from './attach.ts'
import { errorText } from './error-text.ts'

const EXIT_CODES = `
Exit codes
  0  idle or healthy: nothing points to a hang
  1  deadlock, suspected, blocked or busy (change with --fail-on)
  2  no diagnosis: no such process, not Node, no permission, wrong usage
  130, 143  interrupted by SIGINT, SIGTERM

Examples
  impasse 4242                     why does process 4242 stand still?
  impasse 4242 --json -o hang.json the same for a program
  impasse ps                       the Node processes here`

function build(): Command {
  const program = new Command('impasse')
    .description(
      'Says why a Node.js process stands still: who waits for what, who holds it, and on which line.',
    )
    .version(TOOL.version, '-v, --version')
    .argument('<pid...>', 'the processes to look at', pid)
    .option('--json', 'the report as JSON')
    .addOption(new Option('-o, --output <file>', 'write the report to a file (mode 0600) instead of stdout'))
    .option('--looks <n>', 'how often each thread is looked at', looks, 2)
    .addOption(
      new Option('--timeout <duration>', 'bound of the whole attach: 500ms, 10s, 5m')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--no-inspector', 'leave no trace in the target: read only what the kernel shows')
    .option('--all-frames', "show Node's own frames and those of dependencies too")
    .option('--fail-on <statuses>', 'which verdicts give exit code 1', statusList)
    .addOption(
      new Option('--color <when>', 'colour the text').choices(['auto', 'always', 'never']).default('auto'),
    )
    .addHelpText('after', EXIT_CODES)
    .action(async (pids: readonly number[], options: AttachOptions) => {
      process.exitCode = await (await import('./attach.ts')).attach(pids, options)
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
  return program.exitOverride().configureOutput({ outputError: () => {} })
}

/** One sentence and what to do; as JSON where JSON was asked for. */
async function report(error: ImpasseError, asJson: boolean): Promise<void> {
  process.stderr.write(errorText(error))
  if (asJson) process.stdout.write((await import('../report/json.ts')).renderErrorJson(error))
}

async function main(args: readonly string[]): Promise<void> {
  try {
    await build().parseAsync([...args], { from: 'user' })
  } catch (error) {
    const asJson = args.includes('--json')
    if (error instanceof ImpasseError) {
      process.exitCode = error.exitCode
      await report(error, asJson)
    } else if (error instanceof CommanderError) {
      if (error.exitCode === 0) return
      process.exitCode = 2
      await report(usage(error), asJson)
    } else crash(error)
  }
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
