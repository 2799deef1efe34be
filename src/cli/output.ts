/** Where a report goes, and whether it is coloured. */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { type RenderOptions, render } from '../report/formats.ts'
import { refuseUnwritable } from '../snapshot/file-errors.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { writePrivateFile } from '../snapshot/private-file.ts'

export interface OutputOptions {
  readonly output?: string
  /** Where the HTML goes, beside the report. */
  readonly html?: string
  readonly allFrames?: boolean
  /** False with `--no-snapshot`. */
  readonly snapshot: boolean
  readonly color: 'auto' | 'always' | 'never'
}

/** What the options say about how a report looks. */
export function rendering(options: OutputOptions): RenderOptions {
  return {
    color: wantsColor(options),
    allFrames: options.allFrames ?? false,
    width: process.stdout.columns ?? 100,
    snapshot: options.snapshot,
  }
}

/** The one place that decides about colour (no-color.org, force-color.org). */
function wantsColor({ color, output }: OutputOptions): boolean {
  if (color !== 'auto') return color === 'always'
  if (output !== undefined || process.env.NO_COLOR) return false
  if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== '0'
  return process.stdout.isTTY === true && process.env.TERM !== 'dumb'
}

/** To the file that was named, or to stdout. */
export function put(text: string, output: string | undefined): void {
  if (output === undefined) process.stdout.write(text)
  else writePrivateFile(output, text, 'The report')
}

/** Refuses what cannot be written before anything is touched whose report it would be. */
export function refuseOutputs({ output, html, save }: OutputOptions & { readonly save?: string }): void {
  if (save !== undefined) refuseUnwritable(save, 'The snapshot')
  if (output !== undefined) refuseUnwritable(output, 'The report')
  if (html !== undefined) refuseUnwritable(html, 'The page')
}

/** The page that `--html` asks for. */
export async function putHtml(
  { html }: OutputOptions,
  snapshot: Snapshot,
  diagnosis: Diagnosis,
): Promise<void> {
  if (html === undefined) return
  writePrivateFile(html, await render(snapshot, diagnosis, 'html'), 'The page')
}
