import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import type { Activation, HeapGraph, HeapValue } from '../../../src/heap/graph.ts'
import { type IsolateHeap, readHeaps } from '../../../src/heap/memory/read-heaps.ts'
import { type FixtureOptions, fixturePath, startFixture } from '../../support/spawn-fixture.ts'

/** The heaps of a program that has come to rest, and for which `isThere` holds. */
export async function heapsOf(
  pid: number,
  isThere: (heaps: readonly IsolateHeap[]) => boolean = () => true,
  deadlineMs = 10_000,
): Promise<readonly IsolateHeap[]> {
  const end = Date.now() + deadlineMs
  for (;;) {
    const reading = await readHeaps(pid)
    if ('gap' in reading) throw new Error(reading.gap.reason)
    const rested = reading.heaps.every(({ graph }) => graph.consistent === true)
    if (rested && isThere(reading.heaps)) {
      onTestFinished(() => reading.close())
      return reading.heaps
    }
    reading.close()
    if (Date.now() > end)
      throw new Error(`not there: ${reading.heaps.map(heap => places(heap.graph)).join('; ')}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** The graph of a fixture's main thread, as soon as so many of its own functions are suspended. */
export async function graphOf(
  file: string,
  options: FixtureOptions,
  activations: number,
): Promise<HeapGraph> {
  const fixture = await startFixture(`async/${file}`, options)
  const [main] = await heapsOf(fixture.pid, heaps => places(heaps[0]!.graph).length >= activations)
  return main!.graph
}

/** Not those of Node's own modules. */
export function ownActivations(graph: HeapGraph): readonly Activation[] {
  return graph.activations().filter(({ at, code }) => !(at ?? code.place)?.script.startsWith('node:'))
}

/** `line:column` of each suspended function of the program itself, sorted. */
export function places(graph: HeapGraph): readonly string[] {
  return ownActivations(graph)
    .map(({ at }) => (at === undefined ? 'unknown' : `${at.line}:${at.column}`))
    .sort()
}

/** `line` by the comment behind it in a fixture. */
export function markedLines(file: string): ReadonlyMap<string, number> {
  const lines = readFileSync(fixturePath(`async/${file}`), 'utf8').split('\n')
  return new Map(
    lines.flatMap((text, index) => {
      const mark = /\S.*\/\/ ([#.\w]+)$/.exec(text)?.[1]
      return mark === undefined ? [] : [[mark, index + 1]]
    }),
  )
}

/** The suspended function of a name. */
export function activation(graph: HeapGraph, name: string): Activation {
  const found = ownActivations(graph).find(({ code }) => code.name === name)
  if (found === undefined) throw new Error(`no ${name} among ${ownActivations(graph).map(a => a.code.name)}`)
  return found
}

/** The promise that a suspended function awaits: the one whose reactions go on with it. */
export function awaited(graph: HeapGraph, { node }: Activation): number {
  const found = graph.promises().filter(promise =>
    graph.reactions(promise).some(({ onFulfilled }) => {
      const next = onFulfilled === undefined ? undefined : graph.continuation(onFulfilled)
      return next?.does === 'continue' && next.activation === node
    }),
  )
  if (found.length !== 1) throw new Error(`${found.length} promises are awaited`)
  return found[0]!
}

export function node(value: HeapValue | undefined): number {
  if (value?.kind !== 'node') throw new Error(`no object but ${JSON.stringify(value)}`)
  return value.node
}
