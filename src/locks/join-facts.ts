/** Facts of two kinds of locks as one: a word that both know is one resource, and ids are numbers again. */
import type { Request, Resource } from '../snapshot/model.ts'
import type { LockFacts } from './atomics/facts.ts'

export function joinFacts(first: LockFacts, second: LockFacts): LockFacts {
  const resources = [...first.resources]
  const ids = new Map<string, string>()
  for (const resource of second.resources) {
    const same = resources.find(other => isSame(other, resource))
    const id = same?.id ?? `${resource.process}/r${resources.length + 1}`
    ids.set(resource.id, id)
    if (!same) resources.push({ ...resource, id })
  }
  const renamed = <Fact extends { readonly resource: string }>(fact: Fact): Fact => ({
    ...fact,
    resource: ids.get(fact.resource) ?? fact.resource,
  })
  return {
    resources,
    holds: [...first.holds, ...second.holds.map(renamed)],
    productions: [...first.productions, ...second.productions.map(renamed)],
    waits: [
      ...first.waits,
      ...second.waits.map(wait => ({ ...wait, request: renamedRequest(wait.request, ids) })),
    ],
  }
}

function isSame(one: Resource, other: Resource): boolean {
  return (
    one.word !== undefined &&
    one.process === other.process &&
    one.sort === other.sort &&
    one.word.buffer === other.word?.buffer &&
    one.word.byte === other.word.byte
  )
}

function renamedRequest(request: Request, ids: ReadonlyMap<string, string>): Request {
  switch (request.kind) {
    case 'units':
    case 'produced':
      return { ...request, resource: ids.get(request.resource) ?? request.resource }
    case 'allOf':
    case 'anyOf':
      return { ...request, requests: request.requests.map(part => renamedRequest(part, ids)) }
    default:
      return request
  }
}
