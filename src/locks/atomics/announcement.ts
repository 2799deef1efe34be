import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isFunction, type Node } from '../../sources/syntax-tree.ts'
import { canonicalText } from './constants.ts'
import { calledName, classOf, type FunctionCatalogue, namesOf } from './function-catalogue.ts'
import type { Operation } from './operations.ts'
import { stepsOf } from './steps.ts'
import { rootOf } from './through-call.ts'

interface Place {
  readonly syntax: Syntax
  readonly owner: Node
}

/** A word as the source names it in one function. */
export interface NamedWord extends Place {
  /** The call that waits on it. */
  readonly call: Node
  readonly array: Node
  readonly index: Node
}

/** Who calls the function that writes, and who calls that one, may notify in its place. */
const depthLimit = 4

/**
 * A write after which nobody is notified, where the source shows it: of the same word, able to give it its value, in a
 * function that does not notify and is called by none that does. A write whose callers were not read shows nothing.
 */
export function unannouncedWrite(
  catalogue: FunctionCatalogue,
  word: NamedWord,
  value: number,
): { readonly syntax: Syntax; readonly call: CallNode } | undefined {
  const places = everyPlace(catalogue.functions)
  const notifying = namesThatNotify(places)
  for (const place of places)
    for (const step of stepsOf(place.syntax, place.owner).steps) {
      if (step.kind !== 'change' || (step.change.to !== undefined && step.change.to !== value)) continue
      if (!isSameWord(word, place, step.operation)) continue
      if (isSilent(place, places, notifying, depthLimit))
        return { syntax: place.syntax, call: step.operation.call }
    }
  return undefined
}

function isSameWord(word: NamedWord, place: Place, { array, index }: Operation): boolean {
  if (word.syntax !== place.syntax) return false
  const { syntax } = place
  if (canonicalText(syntax, word.array) !== canonicalText(syntax, array)) return false
  if (canonicalText(syntax, word.index) !== canonicalText(syntax, index)) return false
  if (rootOf(array).type !== 'ThisExpression') return rootOf(array).type === 'Identifier'
  const holder = classOf(syntax, place.owner)
  return holder !== undefined && holder === classOf(syntax, word.owner)
}

/** Whether neither a function nor anybody who is seen to call it notifies anyone. */
function isSilent(
  place: Place,
  places: readonly Place[],
  notifying: ReadonlySet<string>,
  depth: number,
): boolean {
  if (notifies(place, notifying)) return false
  const { syntax, owner } = place
  if (!isFunction(owner)) return true
  if (depth === 0) return false
  const names = namesOf(syntax, owner)
  // A function without a name runs for the one that it is written in, or is handed on by it.
  if (names.length === 0) {
    const parent = syntax.parentOf(owner)
    return isSilent({ syntax, owner: parent ? syntax.ownerOf(parent) : owner }, places, notifying, depth - 1)
  }
  const callers = places.filter(one => callsAny(one, names) && one.owner !== owner)
  if (callers.length === 0) return places.some(one => handsToLoop(one, names))
  return callers.every(one => isSilent(one, places, notifying, depth - 1))
}

function callsAny({ syntax, owner }: Place, names: readonly string[]): boolean {
  return stepsOf(syntax, owner).steps.some(
    step => step.kind === 'call' && names.includes(calledName(syntax, step.call) ?? ''),
  )
}

/** `setTimeout(deliver, 100)`: the event loop calls it, and does nothing afterwards. */
function handsToLoop({ syntax, owner }: Place, names: readonly string[]): boolean {
  return stepsOf(syntax, owner).steps.some(
    step =>
      step.kind === 'call' &&
      calledByLoop.has(calledName(syntax, step.call) ?? '') &&
      (step.call.arguments as Node[]).some(one => one.type === 'Identifier' && names.includes(one.name)),
  )
}

const calledByLoop = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'nextTick',
  'queueMicrotask',
  'on',
  'once',
  'addListener',
  'addEventListener',
])

function notifies({ syntax, owner }: Place, notifying: ReadonlySet<string>): boolean {
  const { operations, steps } = stepsOf(syntax, owner)
  if (operations.some(({ name }) => name === 'notify')) return true
  return steps.some(step => step.kind === 'call' && notifying.has(calledName(syntax, step.call) ?? ''))
}

function namesThatNotify(places: readonly Place[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (let size = -1; size !== names.size; ) {
    size = names.size
    for (const place of places)
      if (notifies(place, names)) for (const name of namesOf(place.syntax, place.owner)) names.add(name)
  }
  return names
}

function everyPlace(functions: readonly Place[]): readonly Place[] {
  const roots = new Set(functions.map(({ syntax }) => syntax))
  return [...functions, ...[...roots].map(syntax => ({ syntax, owner: syntax.root }))]
}
