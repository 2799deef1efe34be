/** `impasse watch <pid>`: the noticing of a run, for a process that runs already. It is never ended. */
import { spawn } from 'node:child_process'
import { sleep, timeLimit } from '../capture/clock.ts'
import type { Status } from '../diagnosis/diagnosis.ts'
import { duration as durationText } from '../diagnosis/doing.ts'
import { readStat } from '../process/stat.ts'
import { identify } from '../process/target.ts'
import { ProcessTree } from '../process/tree.ts'
import { readCounters } from './counters.ts'
import { type Examination, examine } from './examination.ts'
import { tell } from './notice.ts'
import { QuietWatch } from './quiet.ts'
import { writeReports } from './reports.ts'

/** Durations in milliseconds. */
export interface WatchOptions {
  readonly quietFor: number
  readonly reportDir: string
  /** The verdicts that are told, and for which the command runs. */
  readonly on: readonly Status[]
  /** A line for the shell. */
  readonly command?: string
  /** Ends after the first of them. */
  readonly once: boolean
  readonly signal: AbortSignal
}

const READ_EVERY_MS = { most: 1000, least: 50 }
const LOOK_MS = 8000
/** So long the command may take; then it is left to itself. */
const COMMAND_MS = 60_000
/** A process that stays quiet is looked at again after twice the time, up to so many times the first. */
const MOST_PATIENCE = 16

/** Ends with the process, or with the first hang when that was asked for. Throws an `ImpasseError` when it is no Node. */
export async function watch(pid: number, options: WatchOptions): Promise<'ended' | 'hangs' | 'interrupted'> {
  const { startTicks } = identify(pid)
  const tree = new ProcessTree({ pid, startTicks })
  const read = () => readCounters(tree.living(), performance.now())
  const every = Math.min(READ_EVERY_MS.most, Math.max(READ_EVERY_MS.least, options.quietFor / 10))
  const quiet = new QuietWatch(read())
  let patience = options.quietFor
  for (;;) {
    await sleep(every)
    if (options.signal.aborted) return 'interrupted'
    if (!lives(pid, startTicks)) return 'ended'
    const quietMs = quiet.observe(read())
    if (quietMs === 0) patience = options.quietFor
    if (quietMs < patience) continue
    patience = Math.min(patience * 2, options.quietFor * MOST_PATIENCE)
    const seen = await examine(tree, LOOK_MS, false)
    if (!lives(pid, startTicks)) return 'ended'
    const why = `quiet for ${durationText(quietMs)}`
    if ('why' in seen) await tell(`impasse: process ${pid} is ${why}. ${seen.why}\n`)
    else if (options.on.includes(seen.diagnosis.verdict.status)) {
      await report(pid, why, seen, options)
      if (options.once) return 'hangs'
    }
    quiet.restart(read())
  }
}

async function report(pid: number, why: string, seen: Examination, options: WatchOptions): Promise<void> {
  const about = { command: [`process ${pid}`], why, ended: false }
  const problem = await writeReports(about, seen, options.reportDir)
  if (problem !== undefined) await tell(`impasse: ${problem}\n`)
  if (options.command === undefined) return
  const { status, summary } = seen.diagnosis.verdict
  const ended = await runHook(options.command, {
    IMPASSE_PID: String(pid),
    IMPASSE_STATUS: status,
    IMPASSE_SUMMARY: summary,
    IMPASSE_REPORT_DIR: options.reportDir,
  })
  if (ended !== 0)
    await tell(
      `impasse: the command of --command ${ended === undefined ? 'did not end in time' : `ended with ${ended}`}\n`,
    )
}

/** Gives its exit code; undefined when it took too long. */
function runHook(line: string, env: Record<string, string>): Promise<number | undefined> {
  const child = spawn('/bin/sh', ['-c', line], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  const late = timeLimit(COMMAND_MS)
  const ended = new Promise<number>(resolve => {
    child.once('error', () => resolve(127))
    child.once('exit', code => resolve(code ?? 1))
  })
  return Promise.race([ended, late])
}

function lives(pid: number, startTicks: number): boolean {
  const stat = readStat(pid)
  return stat?.startTicks === startTicks && !'ZX'.includes(stat.state)
}
