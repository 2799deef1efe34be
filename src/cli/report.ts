/** `impasse report <file…>`: what was saved, as a report. */
import { ImpasseError } from '../errors.ts'
import {
  arrange,
  captureHeapFile,
  diagnose,
  exitCode,
  type FormatName,
  mergeSnapshots,
  type NamedSnapshot,
  readSnapshot,
  recogniseAgain,
  render,
  renderDifference,
  type Snapshot,
  type Status,
  timelines,
} from '../index.ts'
import { type OutputOptions, put, putHtml, refuseOutputs, rendering } from './output.ts'

export interface ReportOptions extends OutputOptions {
  readonly format: FormatName
  /** Two files, side by side. */
  readonly diff?: boolean
  readonly failOn?: readonly Status[]
}

/** Gives the exit code, as an attach does. Throws `ImpasseError`s. */
export async function report(files: readonly string[], options: ReportOptions): Promise<number> {
  refuseOutputs(options)
  const parts: NamedSnapshot[] = []
  for (const name of files) parts.push({ name, snapshot: await evidenceIn(name) })
  const [first, ...others] = parts
  if (first === undefined) throw new ImpasseError('IMPASSE_USAGE', 'There is no file.', 'Name one.')
  if (options.diff === true) return difference(parts, options)
  const { newest, earlier } = arrange([first, ...others])
  const snapshot = mergeSnapshots(newest)
  const diagnosis = diagnose(snapshot)
  const moments = earlier.length === 0 ? [] : timelines([...earlier, snapshot])
  const how = { ...rendering(options), timelines: moments }
  put(await render(snapshot, diagnosis, options.format, how), options.output)
  await putHtml(options, snapshot, diagnosis)
  return exitCode(diagnosis, options.failOn)
}

async function evidenceIn(file: string): Promise<Snapshot> {
  return (await captureHeapFile(file)) ?? recogniseAgain(await readSnapshot(file))
}

/** The exit code is that of the second one. */
function difference(parts: readonly NamedSnapshot[], options: ReportOptions): number {
  const [before, after, third] = parts.map(part => ({ ...part, diagnosis: diagnose(part.snapshot) }))
  if (before === undefined || after === undefined || third !== undefined || options.format !== 'text')
    throw new ImpasseError(
      'IMPASSE_USAGE',
      '--diff compares two snapshots, as text.',
      'Name two files, the older one first: impasse report --diff before.json after.json.',
    )
  put(renderDifference(before, after, rendering(options)), options.output)
  return exitCode(after.diagnosis, options.failOn)
}
