/**
 * Whether objects are where this V8 is taken to have them: some functions that every program has, found by the number of the builtin behind them, must
 * have the names that they have in JavaScript, and V8's own kinds of objects the fields that are read.
 */
import type { Layout } from '../../memory/v8/layout.ts'
import type { Functions } from './functions.ts'
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'
import { flag, type Walk } from './walk.ts'

const known: Readonly<Record<string, string>> = {
  PromiseAll: 'all',
  PromiseAllSettled: 'allSettled',
  PromiseAny: 'any',
  PromiseRace: 'race',
  PromisePrototypeThen: 'then',
  PromisePrototypeCatch: 'catch',
  PromisePrototypeFinally: 'finally',
  ArrayPrototypePush: 'push',
  MapPrototypeGet: 'get',
  SetPrototypeAdd: 'add',
}

/** Undefined when all is well, else what is not. */
export function misfit(
  objects: Objects,
  functions: Functions,
  walk: Walk,
  layout: Layout,
): string | undefined {
  const right = new Set<string>()
  for (const object of walk.functions) {
    const shared = functions.shared(object)
    const builtin = shared === 0 ? undefined : functions.builtinName(shared)
    const name = builtin === undefined ? undefined : known[builtin]
    if (name === undefined || right.has(builtin!)) continue
    if (functions.describe(shared).name === name) right.add(builtin!)
  }
  if (right.size < 6) return "V8's own functions were not found in it"
  const { fields } = objects
  const size = (code: number) =>
    walk.maps
      .filter(map => (objects.flags[map]! & flag.shape) === code)
      .map(map => objects.arena.bytes[map * 8 + fields.map.instanceSize]!)
  const { generator, promise } = fields
  if (size(shape.asyncFunction).some(words => words <= generator.promise))
    return 'suspended functions are too short'
  if (size(shape.promise).some(words => words <= promise.flags)) return 'promises are too short'
  const reactions = size(shape.reaction)
  if (reactions.length === 0 || reactions.some(words => words !== 6)) return 'reactions have another length'
  return layout.positionTable === 'unknown' ? 'its tables of positions are not known' : undefined
}
