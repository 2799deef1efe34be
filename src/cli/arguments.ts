/** Turns the texts of the command line into values; what does not fit is refused with a sentence. */
import { CommanderError, InvalidArgumentError } from 'commander'
import { type Status, statuses } from '../diagnosis/diagnosis.ts'
import { ImpasseError } from '../errors.ts'
import { type FormatName, formatList, formats, isFormatName } from '../report/formats.ts'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** `500ms`, `10s`, `5m`, `1h`. */
export function duration(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (parts === null) throw new InvalidArgumentError('A duration is written like 500ms, 10s or 5m.')
  const value = Number(parts[1]) * UNITS[parts[2] as keyof typeof UNITS]
  if (value < 1 || value > 2 ** 31 - 1) throw new InvalidArgumentError('It must lie between 1ms and 24 days.')
  return value
}

/** What is told to somebody whose pid is none. */
export function noPid(text: string): ImpasseError {
  return new ImpasseError(
    'IMPASSE_USAGE',
    `${text} is no process id.`,
    'List the Node processes here with `impasse ps`; `impasse help` names the commands.',
  )
}

/** Collects pids. */
export function pid(text: string, before: readonly number[] = []): readonly number[] {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw noPid(`"${text}"`)
  }
  return [...before, Number(text)]
}

export function looks(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 1000)
    throw new InvalidArgumentError('It must be a number from 1 to 1000.')
  return Number(text)
}

/** `deadlock,suspected`; `none` for no status at all. */
export function statusList(text: string): readonly Status[] {
  const names = text === 'none' ? [] : text.split(',')
  const known: readonly string[] = statuses
  const strange = names.find(name => !known.includes(name))
  if (strange !== undefined)
    throw new InvalidArgumentError(`"${strange}" is none of: ${statuses.join(', ')}.`)
  return names as Status[]
}

/** The name of a format; `list` prints them all and ends. */
export function format(text: string): FormatName {
  if (text === 'list') {
    process.stdout.write(formatList())
    throw new CommanderError(0, 'impasse.formats', '')
  }
  if (!isFormatName(text))
    throw new InvalidArgumentError(`It is none of: ${Object.keys(formats).join(', ')}.`)
  return text
}
