import type { ImpasseError } from '../errors.ts'

/** One sentence and what to do, for stderr. */
export function errorText({ message, help }: ImpasseError): string {
  return `impasse: ${message}\n  ${help}\n`
}
