/** Where suspended functions stand, and the source text around. */
import type { Activation, HeapGraph, HeapNode, HeapPlace } from '../../heap/graph.ts'
import type { Task } from '../../heap/tasks.ts'
import type { FunctionSources } from './function-sources.ts'
import { onlySuspension, type SuspendedCode, suspendedCode } from './suspended-code.ts'

/** So many suspended functions are asked where they stand, where that costs a walk over the heap each. */
const mostAsked = 120

/** Places that the records of functions do not tell: asked for those that the source leaves open. */
export async function placesOf(
  heap: HeapGraph,
  tasks: readonly Task[],
  sources: FunctionSources,
): Promise<Map<HeapNode, HeapPlace>> {
  const places = new Map<HeapNode, HeapPlace>()
  const asked: HeapNode[] = []
  for (const { activations } of tasks) {
    for (const { node, at, code } of activations) {
      if (at !== undefined || code.place === undefined || code.place.script.startsWith('node:')) continue
      const source = sources.of(code)
      const only = source && onlySuspension(source)
      if (only === undefined) asked.push(node)
      else places.set(node, { ...code.place, ...source!.syntax.lines.positionAt(only) })
    }
  }
  for (const [node, place] of await heap.positions(asked.slice(0, mostAsked))) places.set(node, place)
  return places
}

/** Undefined where the place or the source is not known. */
export function codeAt(
  activation: Activation,
  sources: FunctionSources,
  places: ReadonlyMap<HeapNode, HeapPlace>,
): SuspendedCode | undefined {
  const place = activation.at ?? places.get(activation.node)
  const source = place && sources.of(activation.code)
  const offset = source && place && sources.offsetOf(source, place)
  return offset === undefined ? undefined : suspendedCode(source!, offset)
}
