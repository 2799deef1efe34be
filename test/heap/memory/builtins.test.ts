/** The numbers of V8's builtins: one too many or too few makes a reject of every resolve, so each version's are checked against its symbols and its heap. */
import { closeSync, openSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readBuiltins } from '../../../src/heap/memory/builtins.ts'
import { ElfImage } from '../../../src/memory/elf-image.ts'
import { targetNodes } from '../../support/node-versions.ts'
import { activation, awaited, graphOf, markedLines } from './support.ts'

/** As they are in these builds (18.20, 20.20, 22.23, 24.21, 26.10). */
const resolve: Readonly<Record<number, number>> = { 18: 1187, 20: 1272, 22: 1322, 24: 1374, 26: 1154 }

describe.each(targetNodes())('Node $major', ({ path, major }) => {
  test('the table of the executable', () => {
    const fd = openSync(path, 'r')
    const { names, ids } = readBuiltins(ElfImage.ofFile(fd)!)!
    closeSync(fd)
    expect(names[0]).toBe('DeoptimizationEntry_Eager')
    expect(names.length).toBeGreaterThan(2000)
    expect(ids.size).toBe(names.length)
    const id = ids.get('PromiseCapabilityDefaultResolve')!
    if (resolve[major] !== undefined) expect(id).toBe(resolve[major])
    expect(names[id - 1]).toBe('PromiseCapabilityDefaultReject')
    expect(ids.get('PromiseAllSettled')).toBe(ids.get('PromiseAll')! + 1)
    for (const name of [
      'AsyncFunctionAwaitResolveClosure',
      'PromiseAnyRejectElementClosure',
      'PromiseThenFinally',
    ])
      expect(names).toContain(name)
  })

  test('a resolve is a resolve', async () => {
    const graph = await graphOf('every-await.mjs', { node: path }, markedLines('every-await.mjs').size)
    // `kept.push(resolve)`: what the program itself has of a promise is its `resolve`.
    const promise = awaited(graph, activation(graph, 'awaits'))
    const settling = (builtin: string) =>
      graph.closures([builtin]).flatMap(closure => {
        const next = graph.continuation(closure)
        return next?.does === 'settle' && next.promise === promise ? [{ closure, rejects: next.rejects }] : []
      })
    const [found] = settling('PromiseCapabilityDefaultResolve')
    expect(found?.rejects).toBe(false)
    expect(graph.retainers(found!.closure).map(({ kind }) => kind)).toEqual(['element'])
    for (const { closure, rejects } of settling('PromiseCapabilityDefaultReject')) {
      expect(rejects).toBe(true)
      expect(graph.retainers(closure).filter(({ kind }) => kind === 'element')).toEqual([])
    }
  })
})
