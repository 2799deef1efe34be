/** Suspended functions: V8's generator objects (src/objects/js-generator.tq), of async functions, async generators and generators. */
import type { Activation, HeapValue } from '../graph.ts'
import type { Classes } from './classes.ts'
import type { Functions } from './functions.ts'
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

interface Decoders {
  readonly objects: Objects
  readonly functions: Functions
  readonly classes: Classes
}

const LONGEST_QUEUE = 100_000

/** Whether a generator object stands at an await or a yield, and is whole. Those that run or have ended have a negative continuation. */
export function isSuspended(objects: Objects, object: number): boolean {
  const { function: called, context, position, continuation, registers } = objects.fields.generator
  return (
    (objects.smi(object + continuation) ?? -1) >= 0 &&
    (objects.smi(object + position) ?? -1) >= 0 &&
    objects.shape(objects.target(object + called)) === shape.function &&
    objects.shape(objects.target(object + context)) === shape.context &&
    objects.shape(objects.target(object + registers)) === shape.fixedArray
  )
}

/** Whether it stands at an await, after which something else must call it; else it waits for its own caller. */
export function isAwaiting(objects: Objects, object: number): boolean {
  const code = objects.shape(object)
  if (code === shape.asyncFunction) return true
  return code === shape.asyncGenerator && objects.smi(object + objects.fields.generator.isAwaiting) === 1
}

export function readActivation({ objects, functions, classes }: Decoders, object: number): Activation {
  const { function: called, context, receiver, position, registers, promise } = objects.fields.generator
  const code = objects.shape(object)
  const closure = objects.target(object + called)
  const shared = functions.shared(closure)
  const file = objects.target(object + registers)
  const values = Array.from(
    { length: objects.length(file) },
    (_, index): HeapValue => objects.value(file + 2 + index) ?? { kind: 'unknown' },
  )
  const own = functions.registers(shared)
  const scope = objects.target(object + context)
  const first = objects.target(object + promise)
  const described = functions.describe(shared)
  const owner = classes.ofMethod(closure, objects.target(object + receiver))
  return {
    node: object,
    kind:
      code === shape.asyncFunction
        ? 'async function'
        : code === shape.asyncGenerator
          ? 'async generator'
          : 'generator',
    function: closure,
    code: owner === undefined ? described : { ...described, class: owner },
    receiver: objects.value(object + receiver) ?? { kind: 'unknown' },
    context: scope === 0 ? undefined : scope,
    registers: values,
    parameters: own === undefined || own > values.length ? 0 : values.length - own,
    promises:
      code === shape.asyncFunction
        ? [first].filter(target => objects.shape(target) === shape.promise)
        : code === shape.asyncGenerator
          ? queue(objects, first)
          : [],
    at: functions.suspendedAt(shared, objects.smi(object + position) ?? -1),
  }
}

/** The promises of the requests that an async generator has not answered. */
function queue(objects: Objects, first: number): readonly number[] {
  const { next, promise } = objects.fields.request
  const found: number[] = []
  for (
    let at = first;
    objects.isRequest(at) && found.length < LONGEST_QUEUE;
    at = objects.target(at + next)
  ) {
    const target = objects.target(at + promise)
    if (objects.shape(target) === shape.promise) found.push(target)
  }
  return found
}
