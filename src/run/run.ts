/**
 * `impasse run -- <command>`: the command as it is, until it hangs. Then every process of its tree is looked at, and all
 * of it is ended. Nothing here waits without a bound.
 */
import { timeLimit } from '../capture/clock.ts'
import { duration as durationText } from '../diagnosis/doing.ts'
import { ProcessTree } from '../process/tree.ts'
import { type Command, type Ended, exitCodeOf, startCommand } from './command.ts'
import { readCounters } from './counters.ts'
import { endTree } from './end-tree.ts'
import { deafProcesses, type Examination, examine, type NotExamined } from './examination.ts'
import { tell } from './notice.ts'
import { HANG_EXIT_CODE, type RunOptions } from './options.ts'
import { QuietWatch } from './quiet.ts'
import { forgetRunningTests } from './running-tests.ts'
import { type Asked, listen } from './signals.ts'
import { StatusLine } from './status-line.ts'

/** The longest time between two readings of the counters, and the shortest, milliseconds. */
const READ_EVERY_MS = { most: 1000, least: 50 }
/** A look at a whole tree, milliseconds: three looks a second apart, and time to answer. */
const LOOK_MS = 8000
/** How long before a known limit the tree is looked at: a twentieth of it, within these bounds, milliseconds. */
const BEFORE_LIMIT_MS = { least: 5000, most: 60_000 }
/** Writing the reports may take this long, milliseconds. */
const WRITE_MS = 5000

/** Why the tree is looked at, as the start of a sentence. */
type Occasion = { readonly why: string; readonly ends: 'always' | 'on hang' | 'never' }

/** Gives the exit code. */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<number> {
  const command = await startCommand(file, args, options.freePorts)
  if ('code' in command) {
    await tell(`impasse: ${command.message}\n`)
    return command.code
  }
  const signals = listen()
  const status = new StatusLine()
  try {
    return await new Run(command, [file, ...args], options, status).untilEnd(signals.next)
  } finally {
    status.clear()
    signals.stop()
    forgetRunningTests(command.token.value)
  }
}

class Run {
  readonly #command: Command
  readonly #line: readonly string[]
  readonly #options: RunOptions
  readonly #tree: ProcessTree
  readonly #status: StatusLine
  readonly #begun = performance.now()
  #ended: Ended | undefined
  /** A tree that stays quiet after a look is looked at again after twice the time. */
  #patience: number
  #lookedBefore = false
  #passedOn: { readonly signal: NodeJS.Signals; readonly at: number } | undefined

  constructor(command: Command, line: readonly string[], options: RunOptions, status: StatusLine) {
    this.#command = command
    this.#line = line
    this.#options = options
    this.#status = status
    this.#patience = options.quietFor
    this.#tree = new ProcessTree(command.identity, command.token)
    void command.ended.then(ended => {
      this.#ended = ended
    })
  }

  async untilEnd(nextSignal: () => Promise<Asked>): Promise<number> {
    const { quietFor } = this.#options
    const every = Math.min(READ_EVERY_MS.most, Math.max(READ_EVERY_MS.least, quietFor / 10))
    const watch = new QuietWatch(this.#read())
    let asked = nextSignal()
    for (;;) {
      const event = await Promise.race([this.#command.ended, timeLimit(every), asked])
      if (this.#ended !== undefined) return exitCodeOf(this.#ended)
      if (typeof event === 'object' && 'asked' in event) {
        asked = nextSignal()
        const code = await this.#act(event)
        if (code !== undefined) return code
        watch.restart(this.#read())
        continue
      }
      const living = this.#tree.living()
      const quiet = watch.observe(readCounters(living, performance.now()))
      if (quiet === 0) this.#patience = quietFor
      const occasion = this.#occasion(quiet)
      if (occasion === undefined) {
        this.#status.show(quiet, living)
        continue
      }
      const code = await this.#lookAt(occasion)
      if (code !== undefined) return code
      watch.restart(this.#read())
    }
  }

  #read() {
    return readCounters(this.#tree.living(), performance.now())
  }

  /** What the time says: why to look now, if at all. */
  #occasion(quiet: number): Occasion | undefined {
    const { timeout, before, quietFor, quietForGiven, grace } = this.#options
    const elapsed = performance.now() - this.#begun
    if (this.#passedOn !== undefined) {
      const { signal, at } = this.#passedOn
      if (performance.now() - at < grace) return undefined
      return { why: `still there ${durationText(grace)} after ${signal}`, ends: 'always' }
    }
    if (timeout !== undefined && elapsed >= timeout)
      return { why: `not at its end after ${durationText(timeout)} (--timeout)`, ends: 'always' }
    if (before !== undefined && !this.#lookedBefore && elapsed >= before - margin(before)) {
      this.#lookedBefore = true
      return {
        why: `not at its end shortly before the limit of ${durationText(before)} (--before)`,
        ends: 'on hang',
      }
    }
    if (quiet < this.#patience) return undefined
    this.#patience = Math.min(this.#patience * 2, quietFor * 16)
    return { why: `quiet for ${durationText(quiet)}`, ends: quietForGiven ? 'always' : 'on hang' }
  }

  /** Looks, tells, and ends the tree where that is due. Gives an exit code when the run is over. */
  async #lookAt({ why, ends }: Occasion): Promise<number | undefined> {
    this.#status.clear()
    const count = this.#tree.living(true).length
    await tell(
      `impasse: the command is ${why}: looking at ${count} ${count === 1 ? 'process' : 'processes'}\n`,
    )
    const seen = await examine(this.#tree, LOOK_MS, false, this.#command.token.value)
    // What ended meanwhile was slow, and nothing else.
    if (this.#ended !== undefined) return exitCodeOf(this.#ended)
    const hangs = 'diagnosis' in seen && isHang(seen)
    const end = ends === 'always' || (ends === 'on hang' && hangs)
    if (!end || (this.#options.continueOnHang && this.#passedOn === undefined)) {
      await this.#report(why, seen, false)
      await tell('impasse: the command goes on\n')
      return undefined
    }
    return this.#end(why, seen)
  }

  async #end(why: string, seen: Examination | NotExamined): Promise<number> {
    const deaf = 'snapshot' in seen ? deafProcesses(seen) : new Set<number>()
    const [ending] = await Promise.all([
      endTree(this.#tree, this.#options.grace, deaf),
      this.#report(why, seen, true),
    ])
    if (ending.left.length > 0)
      await tell(`impasse: these processes could not be ended: ${ending.left.join(', ')}\n`)
    if (this.#passedOn !== undefined) return exitCodeOf({ how: 'signal', signal: this.#passedOn.signal })
    return HANG_EXIT_CODE
  }

  /** A signal: a look on demand, or the end of the job, which gets a last look. */
  async #act({ asked, fromTerminal }: Asked): Promise<number | undefined> {
    if (asked === 'look') {
      await this.#report(
        'looked at as asked (SIGUSR2)',
        await examine(this.#tree, LOOK_MS, true, this.#command.token.value),
        false,
      )
      return undefined
    }
    const { signal } = asked
    const { grace } = this.#options
    // The terminal has given it to the command already.
    if (!fromTerminal && this.#passedOn === undefined && isEnd(signal)) {
      const why = `cancelled by ${signal}`
      await tell(`impasse: the command is ${why}: a last look\n`)
      const seen = await examine(this.#tree, Math.max(200, grace / 2), true, this.#command.token.value)
      await this.#report(why, seen, false)
    }
    if (this.#ended !== undefined) return exitCodeOf(this.#ended)
    if (!fromTerminal) this.#command.child.kill(signal)
    if (isEnd(signal)) this.#passedOn ??= { signal, at: performance.now() }
    return undefined
  }

  /** Tells on stderr and writes the files, within a bound. */
  async #report(why: string, seen: Examination | NotExamined, ended: boolean): Promise<void> {
    const { writeReports } = await import('./reports.ts')
    const about = { command: this.#line, why, ended }
    const late = timeLimit(WRITE_MS).then(() => 'The reports could not be written in time.')
    const problem = await Promise.race([writeReports(about, seen, this.#options.reportDir), late])
    if (problem !== undefined) await tell(`impasse: ${problem}\n`)
  }
}

function isHang({ diagnosis }: Examination): boolean {
  return diagnosis.verdict.status === 'deadlock' || diagnosis.verdict.status === 'suspected'
}

function isEnd(signal: NodeJS.Signals): boolean {
  return signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP' || signal === 'SIGQUIT'
}

function margin(limit: number): number {
  return Math.min(BEFORE_LIMIT_MS.most, Math.max(BEFORE_LIMIT_MS.least, limit / 20), limit / 2)
}
