/** A heap with flipped bits and words of garbage: it is refused with a reason, or read to its end without an exception. */
import { expect, onTestFinished, test } from 'vitest'
import { Arena } from '../../../src/heap/memory/arena.ts'
import { decodeHeap } from '../../../src/heap/memory/decode.ts'
import { describeExecutable } from '../../../src/heap/memory/executable.ts'
import { MemoryGraph } from '../../../src/heap/memory/graph.ts'
import { copyHeaps } from '../../../src/heap/memory/heap-copy.ts'
import { LiveMemory } from '../../../src/memory/live-memory.ts'
import { isUnknown, type Unknown } from '../../../src/snapshot/model.ts'
import { Random } from '../../property/random.ts'
import { targetNodes } from '../../support/node-versions.ts'
import { startFixture } from '../../support/spawn-fixture.ts'

function known<T>(value: T | Unknown): T {
  if (isUnknown(value)) throw new Error(value.unknown)
  return value
}

/** Asks a graph for everything that it has, at most so many of each. */
function readAll(graph: MemoryGraph, most: number): number {
  let read = 0
  const nodes = new Set<number>()
  for (const { node, context, registers, promises, at } of graph.activations().slice(0, most)) {
    nodes.add(node)
    if (context !== undefined) nodes.add(context)
    for (const value of registers) if (value.kind === 'node') nodes.add(value.node)
    for (const promise of promises) nodes.add(promise)
    if (at !== undefined) graph.scriptSource(at.scriptId)
  }
  for (const promise of graph.promises().slice(0, most)) nodes.add(promise)
  for (const closure of graph.closures(['PromiseCapabilityDefaultResolve']).slice(0, most)) nodes.add(closure)
  for (const object of graph.instances('Object').slice(0, most)) nodes.add(object)
  for (const node of nodes) {
    if (read++ > 3 * most) break
    for (const edge of [...graph.edges(node), ...graph.retainers(node)].slice(0, 20)) nodes.add(edge.node)
    for (const reaction of graph.reactions(node))
      if (reaction.derived !== undefined) nodes.add(reaction.derived)
    expect(graph.className(node)).toBeTypeOf('string')
    graph.code(node)
    graph.continuation(node)
    graph.value(node, 'length')
    graph.value(node, '0')
    graph.has(node, 'then')
    graph.text(node)
    graph.state(node)
  }
  return read
}

test.each(targetNodes())('Node $major: thirty damaged heaps', { timeout: 120_000 }, async ({ path }) => {
  const { pid } = await startFixture('async/objects.mjs', { node: path })
  const executable = known(describeExecutable(`/proc/${pid}/exe`))
  const memory = known(LiveMemory.open(pid, 2 ** 45))
  onTestFinished(() => memory.close())
  const { arena, isolates, roots } = known(copyHeaps(pid, memory, executable.layout.version, 2 ** 30))
  const random = new Random(26)
  let refused = 0
  let whole = 0
  for (let round = 0; round < 30; round++) {
    const chunks = arena.chunks
    const damaged = new Arena(chunks, (address, into) => {
      const from = arena.wordOf(chunks.find(({ start }) => start === address)!.areaStart)
      const base = from - (chunks.find(({ start }) => start === address)!.areaStart - address) / 8
      arena.bytes.copy(into, 0, base * 8, base * 8 + into.length)
      return true
    })
    const damages = [0, 10, 1000, 20_000, 200_000][round % 5]!
    for (let count = 0; count < damages; count++) {
      const word = random.between(1, damaged.words - 2)
      if (random.chance(0.5)) damaged.bytes[word * 8 + random.between(0, 7)]! ^= 1 << random.between(0, 7)
      // A pointer to somewhere else in the heap is the worst that can stand in a word.
      else arena.bytes.copy(damaged.bytes, word * 8, random.between(1, damaged.words - 2) * 8, 0)
      if (random.chance(0.3)) damaged.bytes.copy(damaged.bytes, word * 8, (word + 1) * 8, (word + 2) * 8)
    }
    const image = await decodeHeap(damaged, roots, executable, memory, async () => {})
    if (isUnknown(image)) {
      expect(image.unknown).not.toBe('')
      refused += 1
      continue
    }
    const start = performance.now()
    if (readAll(new MemoryGraph(image, isolates[0]!, true), 200) > 0) whole += 1
    expect(performance.now() - start).toBeLessThan(10_000)
  }
  // Those with little damage are read.
  expect(whole).toBeGreaterThanOrEqual(12)
  expect(refused).toBeLessThan(18)
})
