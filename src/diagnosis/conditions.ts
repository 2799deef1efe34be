/** The requests of all parties as one flat network of gates, so that nothing has to recurse into them. */
import type { Request, Wait } from '../snapshot/model.ts'
import type { Ask } from './diagnosis.ts'

/** A place in a request that asks something of one resource. */
export interface Leaf {
  readonly gate: number
  readonly party: number
  /** The resource's number; -1 for one that the snapshot does not describe. */
  readonly resource: number
  readonly ask: Ask
  readonly wait: Wait
}

export interface Conditions {
  /** By gate: how many more inputs it needs before it opens. */
  readonly needed: readonly number[]
  /** By gate: the gate that it feeds; a root feeds its party, as `-1 - party`. */
  readonly feeds: readonly number[]
  readonly leaves: readonly Leaf[]
  /** Gates that are open from the start. */
  readonly open: readonly number[]
}

/** Compiles what each party waits for. Several waits of one party count as any of them. */
export function compile(
  waitsOf: readonly (readonly Wait[])[],
  resourceNumber: ReadonlyMap<string, number>,
): Conditions {
  const needed: number[] = []
  const feeds: number[] = []
  const leaves: Leaf[] = []
  const open: number[] = []
  const gate = (need: number, to: number): number => {
    feeds.push(to)
    return needed.push(need) - 1
  }
  const pending: Request[] = []
  const pendingTo: number[] = []

  for (const [party, waits] of waitsOf.entries()) {
    if (waits.length === 0) continue
    const root = gate(1, -1 - party)
    for (const wait of waits) {
      // A wait for nothing but the next try is a poll: it goes on.
      if (wait.request.kind === 'deadline') open.push(root)
      pending.push(wait.request)
      pendingTo.push(root)
      for (let request = pending.pop(); request; request = pending.pop()) add(party, wait, request, pendingTo.pop()!)
    }
  }
  return { needed, feeds, leaves, open }

  function add(party: number, wait: Wait, request: Request, to: number): void {
    switch (request.kind) {
      case 'units':
      case 'produced': {
        const resource = resourceNumber.get(request.resource) ?? -1
        leaves.push({ gate: gate(1, to), party, resource, ask: request, wait })
        return
      }
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
