import { ImpasseError } from '../errors.ts'
import type { CaptureOptions } from './options.ts'

/** Between the steps of a capture: everything that was opened is closed by whoever opened it. */
export function throwIfInterrupted({ signal }: CaptureOptions): void {
  if (signal?.aborted) {
    throw new ImpasseError(
      'IMPASSE_INTERRUPTED',
      'The look was interrupted.',
      'The process was left as it was.',
    )
  }
}
