/** Snapshots of older versions, turned into the newest form one version at a time. */
import { ImpasseError } from '../errors.ts'
import { fromVersion1 } from './v1.ts'

/** The version that `schema.ts` describes. */
export const SNAPSHOT_VERSION = 2

/** A JSON object that nobody has checked yet. */
export type Data = Readonly<Record<string, unknown>>

/** From the version that is its key to the next one. A new version adds one entry, from a module of its own (`v1.ts`). */
export type UpConverters = ReadonlyMap<number, (older: Data) => Data>

const upConverters: UpConverters = new Map([[1, fromVersion1]])

/** The data in the form of version `newest`; throws an `ImpasseError` where that cannot be had. `name` is the file's. */
export function upgrade(
  data: Data,
  name: string,
  newest: number = SNAPSHOT_VERSION,
  converters: UpConverters = upConverters,
): Data {
  const { version } = data
  if (typeof version !== 'number' || !Number.isInteger(version))
    throw new ImpasseError(
      'IMPASSE_MALFORMED',
      `${name} is no valid snapshot: it has no version number.`,
      'Save it again with `impasse <pid> --save <file>`.',
    )
  if (version > newest)
    throw new ImpasseError(
      'IMPASSE_VERSION',
      `${name} is a snapshot of version ${version}, and this Impasse reads versions up to ${newest}.`,
      'Read it with the Impasse that wrote it, or a newer one.',
    )
  let current = data
  for (let at = version; at < newest; at++) {
    const convert = converters.get(at)
    if (convert === undefined)
      throw new ImpasseError(
        'IMPASSE_VERSION',
        `${name} is a snapshot of version ${version}, which this Impasse cannot read.`,
        'Read it with the Impasse that wrote it.',
      )
    current = { ...convert(current), version: at + 1 }
  }
  return current
}
