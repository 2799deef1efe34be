import type { Request } from '../snapshot/model.ts'
import type { Ask } from './diagnosis.ts'

export interface RequestParts {
  readonly asks: readonly Ask[]
  readonly outside: readonly string[]
  readonly deadlines: readonly Extract<Request, { kind: 'deadline' }>[]
}

/** The leaves of a request, in the order written. */
export function requestParts(request: Request): RequestParts {
  const asks: Ask[] = []
  const outside: string[] = []
  const deadlines: Extract<Request, { kind: 'deadline' }>[] = []
  const pending: Request[] = [request]
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.kind === 'units' || next.kind === 'produced') asks.push(next)
    else if (next.kind === 'outside') outside.push(next.what)
    else if (next.kind === 'deadline') deadlines.push(next)
    else pending.push(...next.requests.toReversed())
  }
  return { asks, outside, deadlines }
}

/** The time limit that ends the wait for good, whatever else it is for; undefined where there is none. */
export function timeLimit(request: Request): Extract<Request, { kind: 'deadline' }> | undefined {
  if (request.kind === 'deadline') return request.leaves ? request : undefined
  if (request.kind === 'anyOf' || (request.kind === 'allOf' && request.requests.length === 1)) {
    for (const one of request.requests) {
      const limit = timeLimit(one)
      if (limit) return limit
    }
  }
  return undefined
}
