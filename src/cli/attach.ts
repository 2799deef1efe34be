/** `impasse <pid…>`: the default command. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { capture } from '../capture/capture.ts'
import type { Status } from '../diagnosis/diagnosis.ts'
import { ImpasseError } from '../errors.ts'
import { errorText } from './error-text.ts'

export interface AttachOptions {
  readonly json?: boolean
  readonly output?: string
  readonly looks: number
  readonly timeout: number
  readonly tree?: boolean
  readonly inspector: boolean
  readonly memory: boolean
  readonly allFrames?: boolean
  readonly failOn?: readonly Status[]
  readonly color: 'auto' | 'always' | 'never'
}

/** Gives the exit code. Throws `ImpasseError`s. */
export async function attach(pids: readonly number[], options: AttachOptions): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = (signal: NodeJS.Signals) => interrupted.abort(signal)
  const status = statusLine(pids)
  let failed = false
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const named = options.tree ? await withDescendants(pids) : pids
    const capturing = capture(named, {
      ...(options.tree ? { others: true } : {}),
      looks: options.looks,
      timeoutMs: options.timeout,
      inspector: options.inspector,
      memory: options.memory,
      signal: interrupted.signal,
      onProgress: status.show,
      onFailure: (_, error) => {
        failed = true
        status.clear()
        process.stderr.write(errorText(error))
      },
    })
    // Loaded while the target is being waited for.
    const rendering = import('../index.ts')
    const [snapshot, { diagnose, exitCode, renderJson, renderText }] = await Promise.all([
      capturing,
      rendering,
    ])
    status.clear()
    const diagnosis = diagnose(snapshot)
    const text = options.json
      ? renderJson(snapshot, diagnosis)
      : renderText(snapshot, diagnosis, {
          color: wantsColor(options),
          allFrames: options.allFrames ?? false,
          width: process.stdout.columns ?? 100,
        })
    if (options.output === undefined) process.stdout.write(text)
    else write(options.output, text)
    return failed ? 2 : exitCode(diagnosis, options.failOn)
  } catch (error) {
    if (interrupted.signal.aborted && error instanceof ImpasseError) {
      return interrupted.signal.reason === 'SIGINT' ? 130 : 143
    }
    throw error
  } finally {
    status.clear()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** The processes and all that came from them. Those that are named stay in the list, so that each gets its sentence. */
async function withDescendants(pids: readonly number[]): Promise<readonly number[]> {
  const [{ ProcessTree }, { readStat }] = await Promise.all([
    import('../process/tree.ts'),
    import('../process/stat.ts'),
  ])
  return pids.flatMap(pid => {
    const startTicks = readStat(pid)?.startTicks
    if (startTicks === undefined) return [pid]
    const living = new ProcessTree({ pid, startTicks }).living().map(({ id }) => id)
    return [...new Set([pid, ...living])]
  })
}

/** One line on stderr while it works, when somebody looks on. */
function statusLine(pids: readonly number[]): { show(step: string): void; clear(): void } {
  if (process.stderr.isTTY !== true) return { show: () => {}, clear: () => {} }
  const erase = '\r\x1b[K'
  let shown = false
  return {
    show: step => {
      shown = true
      process.stderr.write(`${erase}impasse ${pids.join(' ')}: ${step} …`)
    },
    clear: () => {
      if (shown) process.stderr.write(erase)
      shown = false
    },
  }
}

/** The one place that decides about colour (no-color.org, force-color.org). */
function wantsColor({ color, output }: AttachOptions): boolean {
  if (color !== 'auto') return color === 'always'
  if (output !== undefined || process.env.NO_COLOR) return false
  if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== '0'
  return process.stdout.isTTY === true && process.env.TERM !== 'dumb'
}

/** A report names files and lines of a program that may be secret: for its owner's eyes. */
function write(file: string, text: string): void {
  try {
    const descriptor = openSync(file, 'w', 0o600)
    try {
      writeSync(descriptor, text)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new ImpasseError(
      'IMPASSE_WRITE',
      `The report could not be written to ${file}: ${(error as Error).message}.`,
      'Choose another file with --output.',
    )
  }
}
