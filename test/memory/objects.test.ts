/** Objects in the memory of a process: what a program has made is read as it is, and damaged memory gives nothing or an end. */
import { readlinkSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LiveMemory } from '../../src/memory/live-memory.ts'
import type { Memory } from '../../src/memory/memory.ts'
import { readThreadStack } from '../../src/memory/thread-stack.ts'
import { Heap } from '../../src/memory/v8/heap.ts'
import { Objects, type Seen } from '../../src/memory/v8/objects.ts'
import { isUnknown } from '../../src/snapshot/model.ts'
import { Random } from '../property/random.ts'
import { targetNodes } from '../support/node-versions.ts'
import { type Fixture, startFixture } from '../support/spawn-fixture.ts'
import { DamagedMemory, stackOf } from './support.ts'

async function start(path: string) {
  const fixture = await startFixture('memory/objects-of-every-kind.cjs', { node: path })
  await stackOf(fixture, ({ functions }) => functions[0]?.function === 'rest')
  const live = LiveMemory.open(fixture.pid, 2 ** 40)
  if (isUnknown(live)) throw new Error(live.unknown)
  onTestFinished(() => live.close())
  return { fixture, live }
}

function restOf({ pid }: Fixture, memory: Memory) {
  const stack = readThreadStack(pid, pid, readlinkSync(`/proc/${pid}/exe`))
  if (isUnknown(stack)) throw new Error(stack.unknown)
  const frame = stack.functions.find(({ function: name }) => name === 'rest')!
  return { objects: new Objects(new Heap(memory, stack.layout)), closure: frame.slots!.closure }
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test('variables of a closure, properties of every storage, elements, collections, shared memory', async () => {
    const { fixture, live } = await start(path)
    const { objects, closure } = restOf(fixture, live)
    const context = objects.context(closure)
    const variable = (name: string) => {
      const value = objects.named(context, name)
      if (typeof value !== 'object') throw new Error(`${name}: ${value}`)
      return value
    }
    const at = (name: string) => {
      const value = variable(name)
      if (value.kind !== 'object') throw new Error(`${name} is a ${value.kind}`)
      return value.at
    }
    const own = (name: string, key: string) => {
      const property = objects.property(at(name), key)
      return property?.kind === 'value' ? plain(property.value) : property?.kind
    }
    expect(plain(variable('number'))).toBe(1.5)
    expect(plain(variable('small'))).toBe(-7)
    expect(plain(variable('text'))).toBe('täxt')
    expect(plain(variable('flag'))).toBe(true)
    expect(plain(variable('nothing'))).toBeUndefined()
    expect(plain(variable('empty'))).toBeNull()
    expect(own('holder', 'first')).toBe(1)
    expect(own('holder', '#secret')).toBe('hidden')
    expect(own('holder', 'inherited')).toBe('from the prototype')
    expect(own('holder', 'computed')).toBe('accessor')
    expect(own('holder', 'missing')).toBeUndefined()
    expect(objects.className(at('holder'))).toBe('Holder')
    expect(own('wide', 'p29')).toBe(29)
    expect(own('dictionary', 'k150')).toBe(150)
    expect(own('list', '2')).toBe('c')
    expect(objects.length(at('list'))).toBe(3)
    const pairs = (name: string) => objects.entries(at(name))?.map(pair => pair.map(plain))
    expect(pairs('map')).toEqual([
      ['a', 1],
      ['c', 3],
    ])
    expect(pairs('set')).toEqual([[5, 5]])
    expect(objects.entries(at('weak'))?.map(([key, value]) => [key.kind, plain(value)])).toEqual([
      ['object', 'kept'],
    ])
    const view = objects.view(at('words'))!
    expect(view).toMatchObject({ type: 'Int32Array', elementBytes: 4, length: 3 })
    expect(live.int32(view.address + 4)).toBe(42)
    const buffer = objects.bufferOf(view.buffer)!
    expect(buffer).toMatchObject({ address: view.address - 8, bytes: 32, shared: true })
    expect(buffer.id).toBeGreaterThan(0)
    const bound = objects.bound(at('bound'))!
    expect([plain(bound.receiver), bound.arguments.map(plain)]).toEqual(['this', [1, 'two']])
    const made = objects.global(context!, 'everywhere')
    expect(made?.kind === 'value' && plain(made.value)).toBe('global')
  })

  test('damaged memory: thousands of questions end, and none throws', async () => {
    const { fixture, live } = await start(path)
    const random = new Random(6)
    const begun = Date.now()
    let asked = 0
    for (let round = 0; round < 200; round++) {
      const memory = new DamagedMemory(live, random, [1, 8, 64][round % 3]!)
      const { objects, closure } = restOf(fixture, memory)
      for (const [name, value] of objects.variables(objects.context(closure))) {
        expect(typeof name).toBe('string')
        if (value?.kind !== 'object') continue
        const { at } = value
        objects.className(at)
        objects.property(at, 'first')
        objects.members(at)
        objects.entries(at)
        objects.bound(at)
        objects.code(at)
        const view = objects.view(at)
        if (view !== undefined) objects.bufferOf(view.buffer)
        asked += 8
      }
      expect(memory.left).toBeGreaterThanOrEqual(0)
    }
    expect(asked).toBeGreaterThan(1000)
    expect(Date.now() - begun).toBeLessThan(60_000)
  }, 90_000)
})

function plain(value: Seen): unknown {
  if (value.kind === 'undefined') return undefined
  return value.kind === 'null' ? null : 'value' in value ? value.value : value.kind
}
