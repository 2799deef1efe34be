import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, type Node } from '../../sources/syntax-tree.ts'
import type { Acquiring } from './acquiring.ts'
import type { LockEvent } from './event.ts'
import { foreignRelease } from './foreign-release.ts'
import { classOf, type FunctionCatalogue, namesOf, type Place } from './function-catalogue.ts'
import { gives } from './netting.ts'
import { Pairing } from './pairing.ts'
import { concerns } from './same-array.ts'
import { stepsOf } from './steps.ts'

/** How the program as a whole uses locks of one kind, as far as its source was read. */
export interface Use {
  /** Calls of a release that no acquisition precedes in the same function: the lock may be handed on (rule S2). */
  readonly unpaired: number
  /** Calls of a release anywhere. */
  readonly releases: number
  /** Functions that can be suspended while they hold it. */
  readonly suspendable: readonly string[]
  /** A callback that gives it back without having taken it. */
  readonly stray: Place | undefined
}

const known = new WeakMap<FunctionCatalogue, Map<Node, Use>>()

/** Looks for the release functions that belong to an acquisition, and at everything that calls them. */
export function useOf(catalogue: FunctionCatalogue, taken: Pick<LockEvent, 'within' | 'acquiring'>): Use {
  const uses = known.get(catalogue) ?? new Map<Node, Use>()
  known.set(catalogue, uses)
  const use = uses.get(taken.within.owner) ?? readUse(catalogue, taken)
  uses.set(taken.within.owner, use)
  return use
}

/** The releases that belong to a way of taking a lock, and everything that calls either. */
export function pairingOf(
  catalogue: FunctionCatalogue,
  within: { readonly syntax: Syntax; readonly owner: Node },
  acquiring: Acquiring | undefined,
): Pairing {
  return readPairing(catalogue, within, acquiring).pairing
}

function readPairing(
  catalogue: FunctionCatalogue,
  within: { readonly syntax: Syntax; readonly owner: Node },
  acquiring: Acquiring | undefined,
) {
  const places = [...everyPlace(catalogue.functions)]
  const pairing = new Pairing(catalogue.functions, within)
  const family = familyOf(within)
  let releases = 0
  for (const place of catalogue.functions) {
    const { syntax, owner } = place
    const own = familyOf(place)
    const related = isClass(family) ? own === family : syntax === within.syntax
    // A word is given its first value there, and nothing back.
    if (!related || isConstructor(place)) continue
    const { steps } = stepsOf(syntax, owner)
    const changes = steps.filter(
      step =>
        step.kind === 'change' &&
        gives(acquiring, step.change) &&
        (own === family || !isTakenIn(own, syntax, step.array, catalogue.functions)) &&
        concerns(places, within, syntax, step.array),
    )
    if (changes.length === 0) continue
    if (steps.some(step => step.kind === 'acquire')) releases += changes.length
    else pairing.addReleaser({ syntax, owner })
  }
  pairing.follow()
  return { pairing, places, releases }
}

function readUse(
  catalogue: FunctionCatalogue,
  { within, acquiring }: Pick<LockEvent, 'within' | 'acquiring'>,
): Use {
  const { pairing, places, releases: own } = readPairing(catalogue, within, acquiring)
  let releases = own
  const suspendable = new Set<string>()
  let unpaired = 0
  for (const place of places) {
    const { syntax, owner } = place
    releases += pairing.releasesIn(place).length
    unpaired += pairing.unpairedIn(place)
    if (isFunction(owner) && (owner.async || owner.generator) && pairing.acquisitionsIn(place).length > 0)
      suspendable.add(namesOf(syntax, owner)[0] ?? 'an async function')
  }
  const stray = pairing.strays()[0] ?? (acquiring && foreignRelease(catalogue.functions, acquiring))
  return { unpaired, releases, suspendable: [...suspendable], stray }
}

/** What keeps the functions of one kind of lock together: a class, a function that makes locks, or the module. */
function familyOf({ syntax, owner }: Place): Node {
  const parent = syntax.parentOf(owner)
  return classOf(syntax, owner) ?? (parent ? syntax.ownerOf(parent) : owner)
}

function isConstructor({ syntax, owner }: Place): boolean {
  const parent = syntax.parentOf(owner)
  return parent?.type === 'MethodDefinition' && parent.kind === 'constructor'
}

function isClass(node: Node): boolean {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
}

/** Whether a family takes what it gives back itself: then that is no release of another one's locks. */
function isTakenIn(family: Node, syntax: Syntax, array: Node, functions: readonly Place[]): boolean {
  const text = syntax.textOf(array)
  return functions.some(
    place =>
      place.syntax === syntax &&
      familyOf(place) === family &&
      stepsOf(syntax, place.owner).steps.some(
        step => step.kind === 'acquire' && syntax.textOf(step.array) === text,
      ),
  )
}

/** All functions, and the programs around them. */
function everyPlace(functions: readonly Place[]) {
  const places = new Map<Node, Place>()
  for (const place of functions) places.set(place.owner, place)
  for (const { syntax } of functions)
    if (!isFunction(syntax.root)) places.set(syntax.root, { syntax, owner: syntax.root })
  return places.values()
}
