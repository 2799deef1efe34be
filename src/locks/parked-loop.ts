/** The event loop of a thread that stands still: none of its suspended functions goes on before it turns again. */
import type { Hold, Resource } from '../snapshot/model.ts'

export function loopOf(process: string, party: string): Resource {
  return {
    id: `${process}/loop ${party}`,
    sort: 'reusable',
    kind: 'event loop',
    label: 'the event loop of its thread',
    aliases: [],
    process,
    capacity: 1,
    free: 0,
    complete: true,
  }
}

/** The thread itself keeps it. */
export function loopHold(process: string, party: string): Hold {
  return {
    party,
    resource: `${process}/loop ${party}`,
    units: 1,
    at: { unknown: 'the whole thread stands still' },
    acquiredAt: { unknown: 'the whole thread stands still' },
    sure: true,
    how: 'observed',
    evidence: 'the thread is parked, so that its event loop does not turn',
  }
}
