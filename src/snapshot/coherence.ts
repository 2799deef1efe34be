/** What a schema cannot say: that the parts of a snapshot which is read from a file fit together. */
import type { Request, Snapshot } from './model.ts'

/** No request of a real program comes near it; the reduction walks requests recursively. */
const deepest = 100

/** What does not fit, as the rest of a sentence; undefined when all does. */
export function incoherence(snapshot: Snapshot): string | undefined {
  const { capturedAt, processes, resources, waits } = snapshot
  if (Number.isNaN(Date.parse(capturedAt))) return 'capturedAt is no time'
  const processIds = processes.map(({ id }) => id)
  const strange = processes.find(
    ({ id, pid }) => id !== `p${pid}` && !(id.startsWith(`p${pid}-`) && /^p\d+-\d+$/.test(id)),
  )
  if (strange) return `a process with pid ${strange.pid} has the id ${short(strange.id)}`
  for (const process of processes) {
    const stranger = process.threads.find(
      ({ id }) => !/^p\d+(-\d+)?\/[tn]\d+$/.test(id) || !ownedBy(id, process.id),
    )
    if (stranger) return `a thread of process ${process.pid} has the id ${short(stranger.id)}`
  }
  const twice =
    repeated(processIds) ??
    repeated(processes.flatMap(({ threads }) => threads.map(({ id }) => id))) ??
    repeated(resources.map(({ id }) => id))
  if (twice !== undefined) return `two of its parts have the id ${short(twice)}`
  const tooDeep = waits.find(({ request }) => depth(request) > deepest)
  if (tooDeep) return `the request of ${short(tooDeep.party)} is nested too deeply`
  return undefined
}

function ownedBy(thread: string, process: string): boolean {
  return thread.startsWith(`${process}/`)
}

function repeated(ids: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return ids.find(id => seen.size === seen.add(id).size)
}

function short(id: string): string {
  return JSON.stringify(id.slice(0, 60))
}

function depth(request: Request): number {
  let level: readonly Request[] = [request]
  let levels = 0
  for (; level.length > 0 && levels <= deepest; levels++)
    level = level.flatMap(one => ('requests' in one ? one.requests : []))
  return levels
}
