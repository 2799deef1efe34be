/**
 * At which of its awaits a function stands, where the heap does not tell: at the only one whose call leads to what it waits for.
 * What it would hold there it has to have acquired by calls that have surely come back.
 */
import type { AwaitGraph } from '../../heap/await-graph.ts'
import type { Activation, HeapNode } from '../../heap/graph.ts'
import type { Leaf } from '../../heap/tasks.ts'
import { isLoop, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import type { ActivationValues } from './activation-values.ts'
import { type FunctionSource, FunctionSources } from './function-sources.ts'
import type { Step } from './resolver-reach.ts'
import {
  boundNames,
  type CalledThing,
  calledThing,
  operandOf,
  suspendedCode,
  suspends,
} from './suspended-code.ts'
import { isOfStore, waitersStore } from './waiters-store.ts'

export interface PlaceEvidence {
  readonly graph: AwaitGraph
  readonly sources: FunctionSources
  readonly values: ActivationValues
  /** The ways outwards from what settles a promise. */
  storesOf(promise: HeapNode): readonly Step[]
}

interface Candidate {
  readonly suspension: Node
  readonly call: CalledThing
}

const mostStores = 6

/** The offset of that await in the text of the function's script; undefined where it is not clear. `waitsFor`: the function's need. */
export function awaitPlace(
  activation: Activation,
  waitsFor: Leaf,
  evidence: PlaceEvidence,
): number | undefined {
  const source = evidence.sources.of(activation.code)
  if (source === undefined) return undefined
  const leads = waitsFor.kind === 'return' ? toFunction : toStore
  const fitting = candidatesIn(source).filter(one => leads(activation, source, one.call, waitsFor, evidence))
  const [only] = fitting
  if (only === undefined || fitting.length > 1) return undefined
  const code = suspendedCode(source, only.suspension.start)
  const areOver = code?.held.every(
    ({ call }) =>
      isElsewhere(activation, source, call, only.call, evidence) ||
      hasGiven(activation, source, call, evidence),
  )
  return areOver === true ? only.suspension.start : undefined
}

function candidatesIn(source: FunctionSource): readonly Candidate[] {
  return [...walkOwn(source.fn)].flatMap(suspension => {
    const operand = suspends(suspension) ? operandOf(suspension) : undefined
    const call = operand && calledThing(operand)
    return call === undefined ? [] : [{ suspension, call }]
  })
}

/** Whether it is a call of the function that is waited for, or of the one that a compiler put that into; on the same object. */
function toFunction(
  activation: Activation,
  source: FunctionSource,
  call: CalledThing,
  waitsFor: Leaf,
  { graph, values, sources }: PlaceEvidence,
): boolean {
  const inner = waitsFor.kind === 'return' ? graph.activations.get(waitsFor.activation) : undefined
  if (inner === undefined) return false
  const target = values.of(activation, source, call.target, call.method)
  const { receiver } = inner
  if (call.method !== '' && target !== undefined && receiver.kind === 'node' && receiver.node !== target)
    return false
  const called = call.method === '' || target === undefined ? target : graph.heap.method(target, call.method)
  if (called !== undefined) {
    if (FunctionSources.same(graph.heap.code(called), inner.code)) return true
    const [outer, own] = [sources.ofNode(called), sources.of(inner.code)]
    const { start, end } = own?.fn ?? { start: 0, end: 0 }
    return (
      outer?.syntax === own?.syntax && outer !== undefined && outer.fn.start < start && end <= outer.fn.end
    )
  }
  const name = call.method === '' && call.target.type === 'Identifier' ? call.target.name : call.method
  return name !== '' && name === inner.code.name
}

/** Whether it is a call of the thing in which the waiter is kept. */
function toStore(
  activation: Activation,
  source: FunctionSource,
  call: CalledThing,
  waitsFor: Leaf,
  { graph, values, storesOf }: PlaceEvidence,
): boolean {
  const target = values.of(activation, source, call.target, call.method)
  if (target === undefined || waitsFor.kind !== 'settled') return false
  const methods = new Set([call.method])
  return storesOf(waitsFor.promise)
    .slice(0, mostStores)
    .some(step => {
      const { parts } = waitersStore(graph.heap, step, methods, () => true, new Set())
      return isOfStore(graph.heap, target, call.method, parts)
    })
}

/** The same function is called of another object: who waits there is kept there. */
function isElsewhere(
  activation: Activation,
  source: FunctionSource,
  call: CalledThing,
  fitting: CalledThing,
  { graph, values }: PlaceEvidence,
): boolean {
  if (call.method === '' || call.method !== fitting.method) return false
  const [one, other] = [call, fitting].map(({ target, method }) =>
    values.of(activation, source, target, method),
  )
  if (one === undefined || other === undefined || one === other) return false
  const method = graph.heap.method(one, call.method)
  return method !== undefined && method === graph.heap.method(other, call.method)
}

/** What the call gave is in its variable, which had nothing before. */
function hasGiven(
  activation: Activation,
  source: FunctionSource,
  call: CalledThing,
  { values }: PlaceEvidence,
): boolean {
  const { syntax, fn } = source
  for (let at = syntax.parentOf(call.node); at !== undefined && at !== fn; at = syntax.parentOf(at))
    if (isLoop(at)) return false
  const awaited = syntax.parentOf(call.node)
  const names = awaited === undefined ? [] : [...boundNames(source, awaited)]
  return names.some(name => values.local(activation, source, name) !== undefined)
}
