import type { Resource } from '../../snapshot/model.ts'
import { byThread } from './by-thread.ts'

/** What each party calls a lock, in the order of their threads. */
export type NamesByParty = ReadonlyMap<string, string>

/**
 * Gives locks that go by one name names that tell them apart: another party's name where that is no other lock's
 * (`forks[0]` for what its holder calls `forks`), else a number (`Account.#mutex (1 of 2)`). What each party calls a lock
 * then stands among its aliases.
 */
export function withDistinctLabels(
  named: readonly { readonly resource: Resource; readonly names: NamesByParty }[],
): readonly Resource[] {
  const resources = [...named].sort(byNamer).map(({ resource }) => resource)
  const labels = users(resources, ({ label }) => [label])
  const everybodys = users(resources, ({ label, aliases }) => [label, ...aliases.map(alias => alias.label)])
  const isClear = (name: string) => everybodys.get(name)!.length === 1
  return named.map(({ resource, names }) => {
    const { label, id, aliases } = resource
    if (isClear(label)) return resource
    const same = labels.get(label)!
    const better = aliases.find(alias => isClear(alias.label))?.label
    const distinct =
      better ?? (same.length > 1 ? `${label} (${same.indexOf(id) + 1} of ${same.length})` : label)
    const own = [...names].map(([party, name]) => ({ party, label: name }))
    return distinct === label
      ? resource
      : { ...resource, label: distinct, aliases: own.filter(alias => alias.label !== distinct) }
  })
}

/** In the order of the threads that name them. */
function byNamer(left: { readonly names: NamesByParty }, right: { readonly names: NamesByParty }): number {
  const [first = ''] = left.names.keys()
  const [second = ''] = right.names.keys()
  return byThread(first, second)
}

function users(
  resources: readonly Resource[],
  namesOf: (resource: Resource) => readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>()
  for (const resource of resources)
    for (const name of new Set(namesOf(resource))) users.set(name, [...(users.get(name) ?? []), resource.id])
  return users
}
