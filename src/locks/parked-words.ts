/** Threads that were read from memory in `Atomics.wait`: which words they sleep on; who could wake them is not read there. */
import type { Request, Resource, Thread, Wait } from '../snapshot/model.ts'
import type { LockFacts } from './atomics/facts.ts'

export interface ParkedThread {
  readonly thread: Thread
  /** The word's address, the same for all that share it. */
  readonly address: number
  readonly expected: number
  readonly value: number
  readonly timed: boolean
}

/** `Atomics.wait(0x7f31c8, expected 1, now 1)`. */
export function awaited({
  address,
  expected,
  value,
}: Pick<ParkedThread, 'address' | 'expected' | 'value'>): string {
  return `Atomics.wait(${hex(address)}, expected ${expected}, now ${value})`
}

/** Adds these waits, each word once. */
export function withParkedWords(
  process: string,
  parked: readonly ParkedThread[],
  facts: LockFacts,
): LockFacts {
  const resources: Resource[] = [...facts.resources]
  const waits: Wait[] = [...facts.waits]
  const known = new Map<number, string>()
  for (const one of parked) {
    const { thread, address, expected, value, timed } = one
    if (waits.some(({ party }) => party === thread.id)) continue
    let resource = known.get(address)
    if (resource === undefined) {
      resource = freeId(process, resources)
      known.set(address, resource)
      resources.push(wordOf(resource, process, one))
    }
    const produced: Request = { kind: 'produced', resource }
    const frames = thread.looks.at(-1)?.frames ?? []
    const frame = frames.findIndex(({ kind, owner }) => kind === 'js' && owner === 'program')
    waits.push({
      party: thread.id,
      request: timed
        ? { kind: 'anyOf', requests: [produced, { kind: 'deadline', inMs: null, leaves: true }] }
        : produced,
      call: awaited(one),
      at: frames[frame] ?? { unknown: 'no frame of the program is on its stack' },
      ...(frame >= 0 ? { frame } : {}),
      sure: true,
      how: 'observed',
      evidence: `the arguments of the call stand on its stack: the word at ${hex(address)}, expected ${expected}; now ${value}`,
    })
  }
  return { ...facts, resources, waits }
}

function freeId(process: string, resources: readonly Resource[]): string {
  const taken = new Set(resources.map(({ id }) => id))
  let number = resources.length + 1
  while (taken.has(`${process}/r${number}`)) number += 1
  return `${process}/r${number}`
}

function wordOf(id: string, process: string, { address, value }: ParkedThread): Resource {
  return {
    id,
    sort: 'consumable',
    kind: 'event',
    label: `the shared word ${hex(address)}`,
    aliases: [],
    process,
    word: { buffer: 'memory', byte: address, value, shared: true },
    capacity: { unknown: 'whether it is a lock is not known' },
    free: { unknown: 'whether it is a lock is not known' },
    complete: { unknown: 'the code that waits for it was not read' },
  }
}

function hex(address: number): string {
  return `0x${address.toString(16)}`
}
