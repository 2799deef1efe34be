/** Waits between processes in the model's words. */
import type { Process, Request, Resource, Thread } from '../snapshot/model.ts'
import type { Attached } from './attach.ts'
import type { Givers } from './peers.ts'

type Facts = Attached['facts']

/** One thing that is waited for. */
export interface Asked extends Givers {
  readonly sort: Resource['sort']
  readonly kind: string
  /** Names a reusable resource on the machine: all that wait for it wait for the same. */
  readonly key?: string
  /** Those of the givers that only may bring it, with the reason. */
  readonly unsure?: ReadonlyMap<string, string>
}

export interface Waiting {
  /** Any of them is enough. */
  readonly asked: readonly Asked[]
  /** What else can end the wait. */
  readonly others?: readonly Request[]
  readonly call: string
  /** Why it is not sure what it waits for. */
  readonly doubt?: string
  readonly evidence?: string
}

/** Facts with a wait of a thread, the resources that it is for, and who can give them. */
export function added(facts: Facts, process: Process, thread: Thread, waiting: Waiting): Facts {
  const resources = [...facts.resources]
  const holds = [...facts.holds]
  const productions = [...facts.productions]
  const requests: Request[] = [...(waiting.others ?? [])]
  for (const asked of waiting.asked) {
    const id = asked.key ?? freeId(process.id, resources)
    const known = resources.some(resource => resource.id === id)
    const { sort, kind, label, complete } = asked
    if (!known)
      resources.push({
        id,
        sort,
        kind,
        label,
        aliases: [],
        process: process.id,
        capacity: sort === 'reusable' && complete === true ? 1 : { unknown: 'it is not counted' },
        free: 0,
        complete,
      })
    requests.push(
      sort === 'reusable' ? { kind: 'units', resource: id, units: 1 } : { kind: 'produced', resource: id },
    )
    for (const party of known ? [] : asked.parties) {
      const doubt = asked.unsure?.get(party) ?? asked.doubt
      const fact = {
        party,
        resource: id,
        sure: doubt === undefined,
        how: 'observed' as const,
        evidence: asked.evidence,
        ...(doubt !== undefined && { doubt }),
      }
      if (sort === 'consumable') productions.push(fact)
      else holds.push({ ...fact, units: 1, at: NOWHERE, acquiredAt: NOWHERE })
    }
  }
  const frames = thread.looks.at(-1)?.frames ?? []
  const own = frames.findIndex(frame => frame.owner === 'program' && frame.kind === 'js')
  const { call, doubt, evidence = `it stands in ${call}` } = waiting
  return {
    resources,
    holds,
    productions,
    waits: [
      ...facts.waits,
      {
        party: thread.id,
        request: requests.length === 1 ? requests[0]! : { kind: 'anyOf', requests },
        call,
        at: frames[own] ?? { unknown: 'no JavaScript of the program was seen on its stack' },
        ...(own >= 0 && { frame: own }),
        sure: doubt === undefined,
        how: 'observed',
        evidence,
        ...(doubt !== undefined && { doubt }),
      },
    ],
  }
}

const NOWHERE = { unknown: 'the kernel tells who holds it, not where it was taken' }

function freeId(process: string, resources: readonly Resource[]): string {
  const taken = new Set(resources.map(({ id }) => id))
  let number = resources.length + 1
  while (taken.has(`${process}/r${number}`)) number++
  return `${process}/r${number}`
}
