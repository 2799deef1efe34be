/** `impasse <pid…>`: the default command. */
import { capture } from '../capture/capture.ts'
import type { Status } from '../diagnosis/diagnosis.ts'
import { ImpasseError } from '../errors.ts'
import { type FormatName, formats, render } from '../report/formats.ts'
import { errorText } from './error-text.ts'
import { type OutputOptions, put, putHtml, refuseOutputs, rendering } from './output.ts'

export interface AttachOptions extends OutputOptions {
  readonly format: FormatName
  readonly save?: string
  readonly looks: number
  readonly timeout: number
  readonly tree?: boolean
  readonly inspector: boolean
  readonly memory: boolean
  readonly heap?: boolean
  readonly allowStop?: boolean
  readonly failOn?: readonly Status[]
}

/** Gives the exit code. Throws `ImpasseError`s. */
export async function attach(pids: readonly number[], options: AttachOptions): Promise<number> {
  refuseOutputs(options)
  const interrupted = new AbortController()
  const interrupt = (signal: NodeJS.Signals) => interrupted.abort(signal)
  const status = statusLine(pids)
  let failed = false
  const load = () =>
    Promise.all([
      import('../diagnosis/diagnose.ts'),
      import('../diagnosis/exit-code.ts'),
      formats[options.format].load(),
    ])
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const named = options.tree ? await withDescendants(pids) : pids
    const capturing = capture(named, {
      ...(options.tree ? { others: true } : {}),
      looks: options.looks,
      timeoutMs: options.timeout,
      inspector: options.inspector,
      memory: options.memory,
      ...(options.heap !== undefined && { heap: options.heap }),
      allowStop: options.allowStop ?? false,
      record: options.save !== undefined || (options.format === 'json' && options.snapshot),
      signal: interrupted.signal,
      onProgress: doing => {
        status.show(doing)
        // It is loaded while the target has work to do.
        load().catch(() => {})
      },
      onFailure: (_, error) => {
        failed = true
        status.clear()
        process.stderr.write(errorText(error))
      },
    })
    const snapshot = await capturing
    const [{ diagnose }, { exitCode }] = await load()
    status.clear()
    // First of all: whatever goes wrong with the report, what was seen is kept.
    if (options.save !== undefined) {
      const { writeSnapshot } = await import('../snapshot/file.ts')
      await writeSnapshot(options.save, snapshot)
    }
    const diagnosis = diagnose(snapshot)
    const text = await render(snapshot, diagnosis, options.format, rendering(options))
    put(text, options.output)
    await putHtml(options, snapshot, diagnosis)
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
