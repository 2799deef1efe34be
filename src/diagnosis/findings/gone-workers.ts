import type { ClosedSet } from '../closed-set.ts'
import type { Roster } from '../roster.ts'

/** With one of these, Node may have a worker of its own, which nothing lists. */
const loading = /^--(import|(experimental-)?loader|require)\b|^-r$/
const mostNamed = 8

/**
 * Workers that have ended, for a set that is only suspected to wait for them: workers are numbered as they are started, so
 * a number that is missing had a worker once.
 */
export function goneWorkers({ parties, proved }: ClosedSet, roster: Roster): readonly string[] {
  const process = roster.processOf(parties[0]!)
  if (proved || !process || process.execArgv.some(flag => loading.test(flag))) return []
  const alive = new Set(process.threads.flatMap(({ threadId }) => threadId ?? []))
  const gone = Array.from({ length: Math.max(0, ...alive) }, (_, at) => at + 1).filter(id => !alive.has(id))
  if (gone.length === 0) return []
  const named = `${gone.slice(0, mostNamed).join(', ')}${gone.length > mostNamed ? ' …' : ''}`
  return gone.length === 1
    ? [`Worker ${named} has ended, and may be what they wait for.`]
    : [`Workers ${named} have ended, and may be what they wait for.`]
}
