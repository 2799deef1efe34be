/** `impasse core <file>`: a core dump, as a report. */
import { captureCore } from '../capture/core.ts'
import { diagnose, exitCode, type FormatName, render, type Status, writeSnapshot } from '../index.ts'
import { type OutputOptions, put, putHtml, refuseOutputs, rendering } from './output.ts'

export interface CoreArguments extends OutputOptions {
  readonly format: FormatName
  readonly save?: string
  readonly exe?: string
  readonly sysroot?: string
  readonly failOn?: readonly Status[]
}

/** Gives the exit code, as an attach does. Throws `ImpasseError`s. */
export async function core(file: string, options: CoreArguments): Promise<number> {
  refuseOutputs(options)
  const snapshot = await captureCore(file, {
    ...(options.exe === undefined ? {} : { executable: options.exe }),
    ...(options.sysroot === undefined ? {} : { sysroot: options.sysroot }),
  })
  if (options.save !== undefined) await writeSnapshot(options.save, snapshot)
  const diagnosis = diagnose(snapshot)
  put(await render(snapshot, diagnosis, options.format, rendering(options)), options.output)
  await putHtml(options, snapshot, diagnosis)
  return exitCode(diagnosis, options.failOn)
}
