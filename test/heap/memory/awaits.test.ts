/** What is known of suspended functions, against the text of the program that they are in. */
import { describe, expect, test } from 'vitest'
import type { Activation } from '../../../src/heap/graph.ts'
import { targetNodes } from '../../support/node-versions.ts'
import { activation, awaited, graphOf, markedLines, node, ownActivations } from './support.ts'

const marks = markedLines('every-await.mjs')

/** Its class, where it is one's method, as the marks have it. */
function markOf({ code: { name, class: of } }: Activation): string {
  // A private method stands on no prototype, so that V8 does not tell whose it is.
  const owner = name === '#hidden' ? 'Service' : of
  return owner === undefined ? name : `${owner}.${name}`
}

describe.each(targetNodes())('Node $major', ({ path, major }) => {
  test.each([[[]], [['--always-sparkplug']], [['--stress-flush-code', '--expose-gc']]])(
    'every suspended function, at its line, flags %j',
    async execArgv => {
      const graph = await graphOf('every-await.mjs', { node: path, execArgv }, marks.size)
      const found = ownActivations(graph).map(each => [markOf(each), each.at?.line])
      expect(found.sort()).toEqual([...marks].sort())
      for (const { at, code } of ownActivations(graph)) {
        expect(at!.script).toMatch(/^file:.*every-await.mjs$/)
        expect(graph.scriptSource(at!.scriptId)).toContain('// Service.#hidden')
        expect(code.range!.end).toBeGreaterThan(code.range!.start)
      }
      const outer = activation(graph, 'outer')
      expect(outer.at).toMatchObject({ line: marks.get('outer'), column: 15 })
      expect(outer.code.place).toMatchObject({ line: marks.get('outer')! - 1, column: 21 })
      const text = graph.scriptSource(outer.at!.scriptId)!
      expect(text.slice(outer.code.range!.start, outer.code.range!.end)).toBe(
        '() {\n  return 1 + (await inner()) // outer\n}',
      )
    },
  )

  test('kinds, parameters, receivers, promises', async () => {
    const graph = await graphOf('every-await.mjs', { node: path }, marks.size)
    expect(activation(graph, 'numbers').kind).toBe('async generator')
    expect(activation(graph, 'numbers').promises).toHaveLength(1)
    expect(activation(graph, 'paused').kind).toBe('async generator')
    expect(activation(graph, 'paused').promises).toEqual([])
    expect(activation(graph, 'steps').kind).toBe('generator')
    expect(activation(graph, 'awaits').kind).toBe('async function')
    const { registers, parameters, receiver } = activation(graph, 'byParameters')
    expect(parameters).toBe(2)
    expect(registers[0]).toEqual({ kind: 'number', value: 4 })
    expect(registers).toContainEqual({ kind: 'number', value: 12 })
    expect(receiver).toEqual({ kind: 'undefined' })
    const method = activation(graph, 'method')
    expect(graph.className(node(method.receiver))).toBe('Service')
    expect(graph.className(node(activation(graph, 'of').receiver))).toBe('Function')
    expect(graph.value(node(graph.value(node(method.receiver), '#jobs')), 'length')).toEqual({
      kind: 'number',
      value: 1,
    })
  })

  test('what each of them awaits', async () => {
    const graph = await graphOf('every-await.mjs', { node: path }, marks.size)
    const followed = (name: string) => awaited(graph, activation(graph, name))
    // A function's promise is awaited by its caller.
    expect(followed('outer')).toBe(activation(graph, 'inner').promises[0])
    expect(followed('method')).toBe(activation(graph, '#hidden').promises[0])
    expect(followed('consumes')).toBe(activation(graph, 'numbers').promises[0])
    const leadingTo = (promise: number) =>
      graph.promises().flatMap(earlier =>
        graph.reactions(earlier).flatMap(({ onFulfilled, onRejected, derived }) => {
          const next = [onFulfilled, onRejected].map(each => each && graph.continuation(each))
          const leads = next.some(each => each && 'promise' in each && each.promise === promise)
          return leads || derived === promise ? [{ next, derived }] : []
        }),
      )
    const settles = { does: 'settle', rejects: false, promise: followed('race') }
    expect(leadingTo(followed('race')).map(({ next }) => next[0])).toEqual([settles, settles])
    expect(leadingTo(followed('all'))[0]!.next).toEqual([
      { does: 'element', of: 'all', promise: followed('all'), remaining: 1 },
      { does: 'settle', rejects: true, promise: followed('all') },
    ])
    const settled = { does: 'element', of: 'allSettled', promise: followed('allSettled'), remaining: 2 }
    expect(leadingTo(followed('allSettled')).map(({ next }) => next)).toEqual([
      [settled, settled],
      [settled, settled],
    ])
    expect(leadingTo(followed('any'))[0]!.next).toEqual([
      { does: 'settle', rejects: false, promise: followed('any') },
      { does: 'element', of: 'any', promise: followed('any'), remaining: 1 },
    ])
    expect(leadingTo(followed('afterThen'))).toEqual([
      { next: [undefined, undefined], derived: followed('afterThen') },
    ])
    expect(leadingTo(followed('afterFinally'))[0]!.next[0]).toMatchObject({ does: 'finally' })
    expect(graph.state(followed('thenable'))).toBe('pending')
    const resolvers = graph
      .closures(['PromiseCapabilityDefaultResolve'])
      .map(closure => graph.continuation(closure))
    expect(resolvers).toContainEqual({ does: 'settle', rejects: false, promise: followed('#hidden') })
    expect(resolvers).toContainEqual({ does: 'settle', rejects: false, promise: followed('thenable') })
  })

  test('functions that only each other can go on with are kept, with what they hold', async () => {
    const graph = await graphOf('collected.mjs', { node: path }, 4)
    const line = markedLines('collected.mjs').get('cross')
    const crossed = ownActivations(graph).filter(({ at }) => at?.line === line)
    expect(crossed).toHaveLength(2)
    const inner = ownActivations(graph).filter(({ code }) => code.name === 'acquire')
    expect(inner.map(({ receiver }) => graph.className(node(receiver)))).toEqual(['Lock', 'Lock'])
    for (const each of inner) {
      const lock = node(each.receiver)
      const waiting = node(graph.value(lock, 'waiting'))
      const { node: resolver } = graph.edges(waiting).find(({ kind }) => kind === 'element')!
      expect(graph.continuation(resolver)).toMatchObject({ does: 'settle', promise: awaited(graph, each) })
      expect(graph.retainers(waiting)).toContainEqual({ kind: 'property', name: 'waiting', node: lock })
      expect(graph.nativelyHeld(resolver)).toBe(false)
    }
  })

  test('activations that ended are not seen', { timeout: 60_000 }, async () => {
    const graph = await graphOf('many-ended.mjs', { node: path, deadlineMs: 40_000 }, 5)
    const lines = markedLines('many-ended.mjs')
    const found = ownActivations(graph).map(({ at }) => at?.line)
    expect(found.filter(line => line === lines.get('stuck'))).toHaveLength(5)
    // V8 may have collected these meanwhile, but then all of them.
    expect([0, 7]).toContain(found.filter(line => line === lines.get('dropped')).length)
    expect(new Set(found).size).toBeLessThanOrEqual(2)
  })

  test('generators that TypeScript made of async functions', async () => {
    const graph = await graphOf('awaiter.cjs', { node: path }, 2)
    const lines = markedLines('awaiter.cjs')
    expect(
      ownActivations(graph)
        .map(({ kind, at }) => [kind, at?.line])
        .sort(),
    ).toEqual([
      ['generator', lines.get('waits')],
      ['generator', lines.get('calls')],
    ])
    const [found] = ownActivations(graph)
    // They are driven by callbacks in whose context they stand.
    const [context] = graph.retainers(found!.node).filter(({ kind }) => kind === 'variable')
    expect(context?.name).toBe('generator')
    const [inner] = graph.retainers(context!.node).filter(({ name }) => name === 'previous')
    const callbacks = graph
      .retainers(inner!.node)
      .map(({ name, node: holder }) => [name, graph.code(holder)?.name])
    expect(callbacks).toContainEqual(['context', 'fulfilled'])
  })

  test('a module that waits at its top level', async () => {
    const graph = await graphOf('top-level.mjs', { node: path }, 1)
    const gate = activation(graph, '')
    expect(gate.at?.line).toBe(markedLines('top-level-gate.mjs').get('gate'))
    const modules = graph.retainers(gate.node).filter(({ node: holder }) => graph.kind(holder) === 'module')
    expect(modules).toHaveLength(1)
    const module = modules[0]!.node
    expect(graph.code(module)?.place?.script).toMatch(/top-level-gate.mjs$/)
    expect(graph.value(node(graph.value(module, 'exported')), 'name')).toEqual({
      kind: 'text',
      value: 'exported',
    })
    const importers = graph.retainers(module).filter(({ name }) => name === 'import')
    expect(importers.map(({ node: importer }) => graph.code(importer)?.place?.script)).toEqual([
      expect.stringMatching(/top-level.mjs$/),
    ])
  })

  test.runIf(major >= 24)('stores of AsyncLocalStorage', async () => {
    const graph = await graphOf('stores.mjs', { node: path }, 2)
    const stores = ownActivations(graph).map(each => {
      const [reaction] = graph.reactions(awaited(graph, each))
      const frame = reaction!.asyncContext!
      expect(graph.className(frame)).toBe('AsyncContextFrame')
      return graph
        .edges(frame)
        .filter(({ kind, name }) => kind === 'entry' && name !== '(key)')
        .map(({ node: store }) => graph.value(store, 'request'))
    })
    expect(stores.flat()).toEqual([
      { kind: 'text', value: 'first' },
      { kind: 'text', value: 'second' },
    ])
  })
})
