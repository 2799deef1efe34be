import type { Diagnosis, Status } from './diagnosis.ts'

/** The statuses that make an attach fail unless `--fail-on` says otherwise. */
export const failing: readonly Status[] = ['deadlock', 'suspected', 'blocked', 'busy']

/** The exit code of a diagnosis: 1 when its status is one of those that fail, else 0. (2 is for no diagnosis at all.) */
export function exitCode(diagnosis: Diagnosis, failOn: readonly Status[] = failing): 0 | 1 {
  return failOn.includes(diagnosis.verdict.status) ? 1 : 0
}
