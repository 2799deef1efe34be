/** The requests of all parties as one flat network of gates, so that nothing has to recurse into them. */
import type { Request, Wait } from '../snapshot/model.ts'
import type { Rows } from './compressed-rows.ts'
import type { Ask } from './diagnosis.ts'

export interface Conditions {
  /** By gate: how many more inputs it needs before it opens. */
  readonly needed: readonly number[]
  /** By gate: the gate that it feeds; a root feeds its party, as `-1 - party`. */
  readonly feeds: readonly number[]
  /** Gates that are open from the start. */
  readonly open: readonly number[]
  readonly leaves: Leaves
}

/** The places in requests that ask something of one resource, by number, in the order of their parties. */
export interface Leaves {
  readonly gate: readonly number[]
  readonly party: readonly number[]
  /** -1 for a resource that the snapshot does not describe. */
  readonly resource: readonly number[]
  readonly ask: readonly Ask[]
  /** The number of the wait that it is part of. */
  readonly wait: readonly number[]
}

/** Compiles what each party waits for. Several waits of one party count as any of them. */
export function compile(
  waits: readonly Wait[],
  { offsets, items }: Rows,
  resourceNumber: ReadonlyMap<string, number>,
): Conditions {
  const needed: number[] = []
  const feeds: number[] = []
  const open: number[] = []
  const leaves = {
    gate: [] as number[],
    party: [] as number[],
    resource: [] as number[],
    ask: [] as Ask[],
    wait: [] as number[],
  }
  const pending: Request[] = []
  const pendingTo: number[] = []
  const gate = (need: number, to: number): number => {
    feeds.push(to)
    return needed.push(need) - 1
  }

  for (let party = 0; party + 1 < offsets.length; party++) {
    if (offsets[party] === offsets[party + 1]) continue
    const root = gate(1, -1 - party)
    for (let at = offsets[party]!; at < offsets[party + 1]!; at++) {
      const wait = items[at]!
      const { request: whole } = waits[wait]!
      // A wait for nothing but the next try is a poll: it goes on.
      if (whole.kind === 'deadline') open.push(root)
      pending.push(whole)
      pendingTo.push(root)
      for (let next = pending.pop(); next; next = pending.pop()) add(party, wait, next, pendingTo.pop()!)
    }
  }
  return { needed, feeds, open, leaves }

  function add(party: number, wait: number, request: Request, to: number): void {
    switch (request.kind) {
      case 'units':
      case 'produced':
        leaves.gate.push(gate(1, to))
        leaves.party.push(party)
        leaves.resource.push(resourceNumber.get(request.resource) ?? -1)
        leaves.ask.push(request)
        leaves.wait.push(wait)
        return
      case 'outside':
        open.push(gate(1, to))
        return
      case 'deadline':
        if (request.leaves) open.push(gate(1, to))
        return
      case 'allOf':
      case 'anyOf': {
        const { kind, requests } = request
        const at = gate(kind === 'allOf' ? Math.max(1, requests.length) : 1, to)
        // An empty list tells nothing, so it is no reason to call anybody stuck.
        if (requests.length === 0) open.push(at)
        for (const part of requests) {
          pending.push(part)
          pendingTo.push(at)
        }
      }
    }
  }
}
