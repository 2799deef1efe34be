/** `impasse watch <pid>`: tells of a hang of a process that already runs. */
import type { Status } from '../diagnosis/diagnosis.ts'
import { watch as watchProcess } from '../run/watch.ts'
import { refuseNoFolder } from '../snapshot/file-errors.ts'

export interface WatchArguments {
  readonly quietFor: number
  readonly reportDir: string
  readonly on: readonly Status[]
  readonly command?: string
  readonly once?: boolean
}

/** Gives the exit code. Throws `ImpasseError`s. */
export async function watch(pid: number, options: WatchArguments): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = (signal: NodeJS.Signals) => interrupted.abort(signal)
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const { quietFor, reportDir, on, command, once = false } = options
    refuseNoFolder(reportDir, 'Reports')
    const ended = await watchProcess(pid, {
      quietFor,
      reportDir,
      on,
      ...(command === undefined ? {} : { command }),
      once,
      signal: interrupted.signal,
    })
    if (ended === 'interrupted') return interrupted.signal.reason === 'SIGINT' ? 130 : 143
    return ended === 'hangs' ? 1 : 0
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
