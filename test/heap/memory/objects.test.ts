/** Objects, their references, and who refers to them. */
import { describe, expect, test } from 'vitest'
import type { HeapGraph } from '../../../src/heap/graph.ts'
import { targetNodes } from '../../support/node-versions.ts'
import { activation, awaited, graphOf, node } from './support.ts'

const number = (value: number) => ({ kind: 'number', value })
const text = (value: string) => ({ kind: 'text', value })

/** From a promise back to whoever has its resolving function, by the names of the references. */
function wayTo(graph: HeapGraph, from: number, className: string): readonly string[] {
  let level = [{ at: from, way: [] as string[] }]
  const seen = new Set([from])
  for (let step = 0; step < 12; step++) {
    const next: typeof level = []
    for (const { at, way } of level) {
      if (graph.className(at) === className) return way
      for (const { node: holder, name, kind } of graph.retainers(at)) {
        if (seen.has(holder) || kind === 'variable') continue
        seen.add(holder)
        next.push({ at: holder, way: [name, ...way] })
      }
    }
    level = next
  }
  return []
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test('values of every kind, by their names', async () => {
    const graph = await graphOf('objects.mjs', { node: path }, 0)
    const [held] = graph.instances('Held')
    const holders = graph.instances('Holder')
    expect(holders).toHaveLength(2)
    const holder = holders.find(each => graph.value(each, 'key7') === undefined)!
    const dictionary = holders.find(each => each !== holder)!
    expect(graph.className(held!)).toBe('Held')
    expect(graph.kind(holder)).toBe('object')
    for (const object of [holder, dictionary]) {
      expect(graph.value(object, 'small')).toEqual(number(42))
      expect(graph.value(object, 'fraction')).toEqual(number(1.5))
      expect(graph.value(object, 'large')).toEqual(number(2 ** 40))
      expect(graph.value(object, 'word')).toEqual(text('text'))
      expect(graph.value(object, 'yes')).toEqual({ kind: 'boolean', value: true })
      expect(graph.value(object, 'no')).toEqual({ kind: 'boolean', value: false })
      expect(graph.value(object, 'nothing')).toEqual({ kind: 'null' })
      expect(graph.value(object, 'missing')).toEqual({ kind: 'undefined' })
      expect(graph.value(object, 'absent')).toBeUndefined()
      const names = graph
        .edges(object)
        .flatMap(({ kind, name, node: target }) =>
          graph.className(target) === 'Held' ? [`${kind} ${name}`] : [],
        )
      const expected = ['property #secret', 'property Symbol(kind)', 'property own']
      expect(names.sort()).toEqual(
        object === dictionary ? [expected[0], expected[1], 'property kept', expected[2]] : expected,
      )
      expect(graph.has(object, 'own')).toBe(true)
      expect(graph.has(object, 'inherited')).toBe(true)
      expect(graph.has(object, 'computed')).toBe(true)
      expect(graph.has(object, 'toString')).toBe(true)
      expect(graph.has(object, 'absent')).toBe(false)
    }
    expect(graph.value(holder, 'more29')).toEqual(number(29))
    expect(graph.value(dictionary, 'key1999')).toEqual(number(1999))

    const list = node(graph.value(holder, 'list'))
    expect([graph.kind(list), graph.className(list), graph.value(list, 'length')]).toEqual([
      'array',
      'Array',
      number(2),
    ])
    const [element] = graph.edges(list).filter(({ kind }) => kind === 'element')
    expect(element).toMatchObject({ name: '0' })
    expect(graph.retainers(element!.node)).toEqual([{ kind: 'element', name: '0', node: list }])
    expect(graph.retainers(list)).toEqual([{ kind: 'property', name: 'list', node: holder }])

    const map = node(graph.value(holder, 'byName'))
    expect([graph.kind(map), graph.className(map)]).toEqual(['map', 'Map'])
    const entries = graph
      .edges(map)
      .filter(({ kind, node: target }) => kind === 'entry' && graph.className(target) === 'Held')
    expect(entries.map(({ name }) => name)).toEqual(['first', '2'])
    expect(graph.retainers(entries[0]!.node)).toEqual([{ kind: 'entry', name: 'first', node: map }])
    const set = node(graph.value(holder, 'members'))
    const [member] = graph.edges(set).filter(({ kind }) => kind === 'entry')
    expect([graph.kind(set), graph.className(member!.node)]).toEqual(['set', 'Held'])
    expect(graph.retainers(member!.node)).toEqual([{ kind: 'entry', name: '', node: set }])

    const bound = node(graph.value(holder, 'bound'))
    expect([graph.kind(bound), graph.code(bound)?.name]).toEqual(['bound function', 'method'])
    const references = graph.edges(bound).filter(({ kind }) => kind === 'internal')
    expect(references.map(({ name }) => name)).toEqual(['bound', 'this', 'argument'])
    expect(graph.retainers(references[2]!.node)).toEqual([
      { kind: 'internal', name: 'argument', node: bound },
    ])

    const secret = node(graph.value(dictionary, '#secret'))
    expect(graph.retainers(secret)).toEqual([{ kind: 'property', name: '#secret', node: dictionary }])
    const all = graph.instances('Held')
    const sparse = all.find(each => graph.retainers(each).some(({ name }) => name === '1000000'))!
    expect(graph.retainers(sparse)).toMatchObject([{ kind: 'element', name: '1000000' }])
  })

  test('variables that a function closes over', async () => {
    const graph = await graphOf('objects.mjs', { node: path }, 0)
    const captured = graph
      .instances('Held')
      .find(each => graph.retainers(each).some(({ kind }) => kind === 'variable'))!
    const { node: context, name } = graph.retainers(captured)[0]!
    expect([graph.kind(context), name]).toEqual(['context', 'captured'])
    expect(graph.value(context, 'counter')).toEqual(number(6))
    expect(graph.value(context, 'ratio')).toEqual(number(1.25))
    expect(graph.value(context, 'large')).toEqual(number(2 ** 31 + 3))
    expect(graph.value(context, 'changing')).toEqual(number(2))
    expect(graph.value(context, 'text')).toEqual(text('closed over'))
    const inner = graph.retainers(context).find(({ node: holder }) => graph.code(holder)?.name === 'inner')!
    expect(inner).toMatchObject({ kind: 'internal', name: 'context' })
    expect(graph.code(inner.node)!.place).toMatchObject({ column: 24 })
    // Global variables are the global object's.
    expect(graph.retainers(inner.node)).toMatchObject([{ kind: 'property', name: 'inner' }])
    const outer = node(graph.value(context, 'previous'))
    expect(graph.value(outer, 'Held')).toBeDefined()
  })

  test('from what is awaited to the lock whose queue holds it', async () => {
    const graph = await graphOf('queue-of-lock.mjs', { node: path }, 1)
    const promise = awaited(graph, activation(graph, 'twice'))
    expect(wayTo(graph, promise, 'Named')).toEqual([
      '_semaphore',
      '_queue',
      '0',
      'resolve',
      'context',
      'promise',
    ])
    const [lock] = graph.instances('Named')
    expect(graph.value(lock!, 'name')).toEqual(text('orders'))
    const [semaphore] = graph.instances('Semaphore')
    expect(graph.value(semaphore!, '_value')).toEqual(number(0))
    expect(graph.retainers(lock!)).toContainEqual({
      kind: 'variable',
      name: 'mutex',
      node: expect.any(Number),
    })
    expect(graph.nativelyHeld(promise)).toBe(false)
    // The timer that keeps the program alive is held by Node's own lists.
    expect(graph.instances('Timeout').length).toBeGreaterThan(0)
  })
})
