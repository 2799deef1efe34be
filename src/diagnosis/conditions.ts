/** The requests of all parties as one flat network of gates, so that nothing has to recurse into them. */
import type { Request, Wait } from '../snapshot/model.ts'
import type { Rows } from './compressed-rows.ts'
import type { Ask } from './diagnosis.ts'

export interface Conditions {
  /** By gate: how many more inputs it needs before it opens. */
  readonly needed: Int32Array
  /** By gate: the gate that it feeds; a root feeds its party, as `-1 - party`. */
  readonly feeds: Int32Array
  /** Gates that are open from the start. */
  readonly open: readonly number[]
  readonly leaves: Leaves
}

/** The places in requests that ask something of one resource, by number, in the order of their parties. */
export interface Leaves {
  readonly gate: Int32Array
  readonly party: Int32Array
  /** -1 for a resource that the snapshot does not describe. */
  readonly resource: Int32Array
  readonly ask: readonly Ask[]
  /** The number of the wait that it is part of. */
  readonly wait: Int32Array
}

/** How many gates and leaves the requests become at most: memory is taken once, not while it grows. */
function sizeOf(waits: readonly Wait[]): { readonly gates: number; readonly leaves: number } {
  let gates = 0
  let leaves = 0
  const pending: Request[] = []
  for (const { request } of waits) {
    pending.push(request)
    for (let next = pending.pop(); next; next = pending.pop()) {
      gates++
      if (next.kind === 'units' || next.kind === 'produced') leaves++
      else if (next.kind === 'allOf' || next.kind === 'anyOf')
        for (const part of next.requests) pending.push(part)
    }
  }
  return { gates, leaves }
}

/** Compiles what each party waits for. Several waits of one party count as any of them. */
export function compile(
  waits: readonly Wait[],
  { offsets, items }: Rows,
  resourceNumber: ReadonlyMap<string, number>,
): Conditions {
  const size = sizeOf(waits)
  const parties = Math.max(0, offsets.length - 1)
  const needed = new Int32Array(parties + size.gates)
  const feeds = new Int32Array(parties + size.gates)
  const open: number[] = []
  const leaves = {
    gate: new Int32Array(size.leaves),
    party: new Int32Array(size.leaves),
    resource: new Int32Array(size.leaves),
    ask: new Array<Ask>(size.leaves),
    wait: new Int32Array(size.leaves),
  }
  const pending: Request[] = []
  const pendingTo: number[] = []
  let gates = 0
  let asked = 0
  const gate = (need: number, to: number): number => {
    feeds[gates] = to
    needed[gates] = need
    return gates++
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
        leaves.gate[asked] = gate(1, to)
        leaves.party[asked] = party
        leaves.resource[asked] = resourceNumber.get(request.resource) ?? -1
        leaves.ask[asked] = request
        leaves.wait[asked] = wait
        asked++
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
