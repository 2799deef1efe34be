/** `impasse report <file…>`: what was saved, as a report. */
import { ImpasseError } from '../errors.ts'
import {
  diagnose,
  exitCode,
  type FormatName,
  mergeSnapshots,
  type NamedSnapshot,
  readSnapshot,
  render,
  type Status,
} from '../index.ts'
import { type OutputOptions, put, putHtml, rendering } from './output.ts'

export interface ReportOptions extends OutputOptions {
  readonly format: FormatName
  readonly failOn?: readonly Status[]
}

/** Gives the exit code, as an attach does. Throws `ImpasseError`s. */
export async function report(files: readonly string[], options: ReportOptions): Promise<number> {
  const parts: NamedSnapshot[] = []
  for (const name of files) parts.push({ name, snapshot: await readSnapshot(name) })
  const [first, ...others] = parts
  if (first === undefined) throw new ImpasseError('IMPASSE_USAGE', 'There is no file.', 'Name one.')
  const snapshot = mergeSnapshots([first, ...others])
  const diagnosis = diagnose(snapshot)
  put(await render(snapshot, diagnosis, options.format, rendering(options)), options.output)
  await putHtml(options, snapshot, diagnosis)
  return exitCode(diagnosis, options.failOn)
}
