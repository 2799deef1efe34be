/**
 * Waits inside of Node's own code: a thread parked in an `Atomics.wait` of Node, without a time limit, until another
 * thread answers. From Node 20 on module hooks (`module.register`) live in a thread of their own, and `require`,
 * `import.meta.resolve` and worker start-up wait for it there (lib/internal/modules/esm/hooks.js).
 */
import {
  type Frame,
  isUnknown,
  type Production,
  type Resource,
  type Thread,
  type Wait,
} from '../snapshot/model.ts'
import type { LockFacts } from './atomics/facts.ts'

/** Adds what threads wait for whose innermost frames are Node's; `others` are the threads without JavaScript. */
export function withNodeWaits(
  process: string,
  threads: readonly Thread[],
  others: readonly Thread[],
  facts: LockFacts,
): LockFacts {
  const resources: Resource[] = [...facts.resources]
  const productions: Production[] = [...facts.productions]
  const waits: Wait[] = [...facts.waits]
  for (const thread of threads) {
    const look = thread.looks.at(-1)
    if (look?.activity.kind !== 'parked' || look.activity.timeoutMs !== null) continue
    const [top] = look.frames
    const givers = threads.filter(({ id }) => id !== thread.id)
    if (top?.owner !== 'node' || givers.length === 0) continue
    if (facts.waits.some(({ party }) => party === thread.id)) continue
    const resource = `${process}/r${resources.length + 1}`
    resources.push({
      id: resource,
      sort: 'consumable',
      kind: 'event',
      label: labelOf(top),
      aliases: [],
      process,
      capacity: { unknown: 'answers are not counted' },
      free: 0,
      complete: completeness(others),
    })
    for (const { id } of givers) {
      const evidence = 'another thread of the process has to answer'
      productions.push({ party: id, resource, sure: true, how: 'inferred', evidence })
    }
    const frame = look.frames.findIndex(({ owner }) => owner !== 'node')
    waits.push({
      party: thread.id,
      request: { kind: 'produced', resource },
      call: `Atomics.wait in Node's ${top.function || 'own code'}`,
      at: look.frames[frame] ?? { unknown: 'no frame of the program is on the stack' },
      ...(frame >= 0 && { frame }),
      sure: true,
      how: 'observed',
      evidence: `its innermost frame is Node's ${top.function || 'own code'}, parked without a time limit`,
    })
  }
  return { ...facts, resources, productions, waits }
}

function labelOf({ file, function: name }: Frame): string {
  if (!isUnknown(file) && file.includes('/modules/esm/')) return 'an answer of the module hooks'
  return `an answer that Node's ${name || 'own code'} asked for`
}

/** A worker that the inspector did not list, or a thread of an addon, may answer too. */
function completeness(others: readonly Thread[]): Resource['complete'] {
  const stranger = others.find(({ role }) => role === 'other' || role === 'worker')
  return stranger ? { unknown: `of the thread "${stranger.name}" nothing is known` } : true
}
