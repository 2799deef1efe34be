/**
 * A blocking lock held across an `await`: the holder is a function that is suspended, and what suspended it can only come
 * when its thread is back in its event loop, which it is not as long as it is parked for that very lock. Which functions
 * may be suspended the heap knows; the source tells which of them take the lock and then await.
 */
import { type Frame, type Hold, isUnknown, type Resource } from '../snapshot/model.ts'
import { enclosingClass } from '../sources/function-names.ts'
import { callPosition, type Syntax } from '../sources/syntax.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'
import { type CallNode, isFunction, type Node, walkOwn } from '../sources/syntax-tree.ts'
import { mayHoldSuspended, mayHoldUnseen } from './atomics/completeness.ts'
import type { LockFacts, OtherParty } from './atomics/facts.ts'
import { namesOf } from './atomics/function-catalogue.ts'
import type { Prepared } from './atomics/prepared.ts'
import { type AcquireStep, completionOrder, contains, stepsOf } from './atomics/steps.ts'
import { pairingOf } from './atomics/use.ts'

/** Why a list of holders is not complete where the source names functions that may be suspended, and everything else was read. */
export const onlySuspended = 'a suspended function may hold it'

interface Suspension {
  readonly syntax: Syntax
  readonly owner: Node
  readonly acquisition: CallNode
}

/** Adds possible holders to locks of which no holder is on any stack; all else stays as it is. */
export function withSuspendedHolders(
  facts: LockFacts,
  prepared: Prepared,
  store: SyntaxStore,
  others: readonly OtherParty[] | undefined,
): LockFacts {
  const holds: Hold[] = []
  const resources = facts.resources.map((resource): Resource => {
    const waiters = facts.waits.flatMap(({ party, request }) =>
      request.kind === 'units' && request.resource === resource.id ? [party] : [],
    )
    const held = facts.holds.some(hold => hold.resource === resource.id)
    if (held || waiters.length === 0 || !mayBeSuspended(resource, others)) return resource
    const [first, ...more] = suspensionsOf(waiters[0]!, prepared).map(one => frameOf(one, prepared, store))
    if (first === undefined) return resource
    const named = [first, ...more].map(frame => `${frame.function} (line ${frame.line})`).join(', ')
    const doubt = `that a suspended function holds it is told by the source only: ${named} ${more.length === 0 ? 'takes' : 'take'} such a lock and then ${more.length === 0 ? 'awaits' : 'await'}`
    for (const party of new Set([...waiters, ...idleOf(others)]))
      holds.push({
        party,
        resource: resource.id,
        units: 1,
        at: first,
        acquiredAt: place(first),
        sure: false,
        how: 'inferred',
        evidence: 'no stack holds it, and this function takes such a lock and awaits before it gives it back',
        doubt,
      })
    return { ...resource, complete: { unknown: onlySuspended } }
  })
  return holds.length === 0 ? facts : { ...facts, resources, holds: [...facts.holds, ...holds] }
}

/** A plain lock that is taken, of which all stacks were read, so that only what stands on no stack can hold it. */
function mayBeSuspended(resource: Resource, others: readonly OtherParty[] | undefined): boolean {
  if (resource.kind !== 'mutex' || resource.free !== 0 || others === undefined) return false
  const { complete } = resource
  if (complete === true) return true
  const isSuspended = complete.unknown.endsWith(mayHoldSuspended(''))
  return isSuspended || idleOf(others).some(party => complete.unknown === mayHoldUnseen(party))
}

function idleOf(others: readonly OtherParty[] | undefined): readonly string[] {
  return (others ?? []).filter(({ idle }) => idle).map(({ party }) => party)
}

/** The functions that take the lock that a thread waits for, and can be suspended before they give it back. */
function suspensionsOf(party: string, prepared: Prepared): readonly Suspension[] {
  for (const { syntax, owner, position } of prepared.stacks.get(party) ?? []) {
    const step = stepsOf(syntax, owner).steps.find(
      (one): one is AcquireStep => one.kind === 'acquire' && contains(one.region, position),
    )
    if (!step) continue
    const { functions } = prepared.catalogue
    const pairing = pairingOf(prepared.catalogue, { syntax, owner }, step.acquiring)
    return functions.flatMap(place => {
      if (!isFunction(place.owner) || !(place.owner.async || place.owner.generator)) return []
      const order = completionOrder(place.owner)
      const at = (node: Node) => order.get(node) ?? -1
      const releases = pairing.releasesIn(place).map(({ completes }) => at(completes))
      const taken = pairing.acquisitionsIn(place).find(({ completes }) => {
        const from = at(completes)
        const released = Math.min(Infinity, ...releases.filter(release => release > from))
        return [...walkOwn(place.owner)].some(
          node => suspends(node) && at(node) > from && at(node) < released,
        )
      })
      return taken ? [{ ...place, acquisition: taken.call }] : []
    })
  }
  return []
}

function suspends(node: Node): boolean {
  return (
    node.type === 'AwaitExpression' ||
    node.type === 'YieldExpression' ||
    (node.type === 'ForOfStatement' && node.await)
  )
}

/** The function as a frame: suspended, it stands on no stack. */
function frameOf({ syntax, owner, acquisition }: Suspension, { texts }: Prepared, store: SyntaxStore): Frame {
  const script = texts.scripts.find(key => store.of(key) === syntax)
  const { line, column } = syntax.lines.positionAt(callPosition(acquisition))
  const original = script === undefined ? undefined : texts.original(script, line, column)
  const unread = { unknown: 'the script of the function is not known' }
  return {
    function: namesOf(syntax, owner)[0] ?? '(anonymous)',
    class: enclosingClass(syntax, owner)?.name ?? null,
    file: original?.file ?? unread,
    line: original?.line ?? line,
    column: original?.column ?? column,
    kind: 'js',
    owner: 'program',
    seenBy: 'inspector',
    confidence: 0.5,
  }
}

function place({ file, line, column }: Frame): Hold['acquiredAt'] {
  return isUnknown(file) || isUnknown(line) || isUnknown(column)
    ? { unknown: 'the script of the function is not known' }
    : { file, line, column }
}
