/** One line on a terminal while the command is quiet: how long, and what its youngest process waits in. */

import { duration as durationText } from '../diagnosis/doing.ts'
import type { Stat } from '../process/stat.ts'
import { describeCall, readSystemCall } from '../process/system-calls.ts'
import { isUnknown } from '../snapshot/model.ts'

/** A shorter pause is nothing to speak of. */
const AFTER_MS = 10_000

export class StatusLine {
  #shown = false

  show(quietMs: number, living: readonly Stat[]): void {
    if (process.stderr.isTTY !== true) return
    if (quietMs < AFTER_MS) {
      this.clear()
      return
    }
    const last = living.at(-1)
    const what = last === undefined ? '' : `, pid ${last.id} (${last.comm}) ${callOf(last)}`
    const count = `${living.length} ${living.length === 1 ? 'process' : 'processes'}`
    const text = `impasse: quiet for ${durationText(quietMs)}: ${count}${what}`
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`)
    this.#shown = true
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K')
    this.#shown = false
  }
}

function callOf({ id, state }: Stat): string {
  const call = readSystemCall(id, id)
  if (call === null || isUnknown(call)) return state === 'R' ? 'runs' : 'sleeps'
  const { name, meaning } = describeCall(id, id, call, process.arch)
  return `in ${meaning === '' ? name : meaning}`
}
