import { styleText } from 'node:util'
import type { Status } from '../diagnosis/diagnosis.ts'

export type Format = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta'

/** Colours a text, or leaves it as it is. */
export type Style = (format: Format, text: string) => string

/** The caller decides once; `styleText` must not look at streams or the environment by itself. */
export function styleFor(enabled: boolean): Style {
  return enabled ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text
}

export const statusColor: Readonly<Record<Status, Format>> = {
  deadlock: 'red',
  suspected: 'magenta',
  blocked: 'yellow',
  busy: 'yellow',
  idle: 'green',
  healthy: 'green',
}
