import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, type Node } from '../../sources/syntax-tree.ts'
import type { LockEvent } from './event.ts'
import { calledName, classOf, type FunctionCatalogue, namesOf } from './function-catalogue.ts'
import { gives } from './netting.ts'
import { completionOrder, stepsOf } from './steps.ts'

/** How the program as a whole uses locks of one kind, as far as its source was read. */
export interface Use {
  /** Calls of a release that no acquisition precedes in the same function: the lock may be handed on (rule S2). */
  readonly unpaired: number
  /** Calls of a release anywhere. */
  readonly releases: number
  /** Functions that can be suspended while they hold it. */
  readonly suspendable: readonly string[]
}

/** Looks for the release functions that belong to an acquisition, and at everything that calls them. */
export function useOf(catalogue: FunctionCatalogue, taken: LockEvent): Use {
  const { within, acquiring } = taken
  const acquirers = new Set(namesOf(within.syntax, within.owner))
  const releasers = new Set<string>()
  const holder = classOf(within.syntax, within.owner)
  const functions = catalogue.functions
  let releases = 0
  let unpaired = 0
  for (const { syntax, owner } of functions) {
    const related = holder ? classOf(syntax, owner) === holder : syntax === within.syntax
    if (!related) continue
    const { steps } = stepsOf(syntax, owner)
    const changes = steps.filter(step => step.kind === 'change' && gives(acquiring, step.change))
    if (changes.length === 0) continue
    const acquires = steps.some(step => step.kind === 'acquire')
    if (acquires) releases += changes.length
    else for (const name of namesOf(syntax, owner)) releasers.add(name)
  }
  const suspendable = new Set<string>()
  const places = new Set<{ syntax: Syntax; owner: Node }>(functions)
  for (const { syntax } of functions) if (!isFunction(syntax.root)) places.add({ syntax, owner: syntax.root })
  const seen = new Set<Node>()
  for (const { syntax, owner } of places) {
    if (seen.has(owner)) continue
    seen.add(owner)
    const { steps } = stepsOf(syntax, owner)
    let order: Map<Node, number> | undefined
    const named = (names: ReadonlySet<string>) =>
      steps.filter(step => step.kind === 'call' && names.has(calledName(syntax, step.call) ?? ''))
    const acquired = named(acquirers)
    const released = named(releasers)
    releases += released.length
    for (const release of released) {
      order ??= completionOrder(owner)
      const at = order.get(release.completes)!
      if (!acquired.some(one => order!.get(one.completes)! < at)) unpaired++
    }
    if (acquired.length > 0 && isFunction(owner) && (owner.async || owner.generator))
      suspendable.add(namesOf(syntax, owner)[0] ?? 'an async function')
  }
  return { unpaired, releases, suspendable: [...suspendable] }
}
