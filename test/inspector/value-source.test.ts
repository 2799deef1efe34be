import { beforeAll, describe, expect, test } from 'vitest'
import { findEndpoint } from '../../src/inspector/endpoint.ts'
import { InspectedProcess } from '../../src/inspector/inspected-process.ts'
import { InspectorValueSource } from '../../src/inspector/value-source.ts'
import { listeningPorts } from '../../src/process/sockets.ts'
import type { Activation, ObjectRef, Value } from '../../src/snapshot/question.ts'
import { startFixture } from '../support/spawn-fixture.ts'

/** One real program, paused where it holds values of every kind. */
describe('questions about a paused frame', () => {
  let values: InspectorValueSource
  const kills: (() => Promise<void>)[] = []
  const frame = { party: 'p1/t0', index: 0 } as Activation

  beforeAll(async () => {
    const fixture = await startFixture('values-of-every-kind.mjs', {
      execArgv: ['--inspect=0'],
      cleanUp: kill => void kills.push(kill),
    })
    const ports = listeningPorts(fixture.pid)
    if (!Array.isArray(ports)) throw new Error('no port')
    const endpoint = await findEndpoint('127.0.0.1', ports[0].port, 1000)
    const inspected = await InspectedProcess.connect(endpoint.webSocketUrl, 1000)
    await inspected.main.enable(3000)
    await inspected.main.requestPause(3000)
    values = new InspectorValueSource(new Map([['p1/t0', inspected.main]]), () => 2000)
    return async () => {
      inspected.close()
      for (const kill of kills) await kill()
    }
  })

  const evaluate = (expression: string) => values.ask({ ask: 'value', activation: frame, expression })
  const object = async (expression: string): Promise<ObjectRef> => {
    const answer = await evaluate(expression)
    if (!('known' in answer) || !('ref' in answer.known))
      throw new Error(`no object: ${JSON.stringify(answer)}`)
    return answer.known.ref
  }

  test.each<[string, Partial<Value>]>([
    ['count', { kind: 'number', value: 3 }],
    ['-0 / 0', { kind: 'number', value: Number.NaN }],
    ['text', { kind: 'string', value: 'some text' }],
    ['big', { kind: 'bigint', value: 12n }],
    ['nothing', { kind: 'null' }],
    ['missing', { kind: 'undefined' }],
    ['yes', { kind: 'boolean', value: true }],
    ['cell', { kind: 'object', className: 'Int32Array', subtype: 'typedarray' }],
    ['this', { kind: 'object', className: 'Holder' }],
    ['this.#secret', { kind: 'object', className: 'Int32Array' }],
    ['Atomics.wait', { kind: 'function', source: 'function wait() { [native code] }' }],
  ])('%s', async (expression, expected) => {
    expect(await evaluate(expression)).toMatchObject({ known: expected })
  })

  test('an expression with side effects is refused, and nothing changes', async () => {
    expect(await evaluate('cell[0] = 99')).toMatchObject({ unknown: 'side effect' })
    expect(await evaluate('Atomics.add(cell, 0, 1)')).toMatchObject({ unknown: 'side effect' })
    expect(await evaluate('cell[0]')).toMatchObject({ known: { value: 7 } })
  })

  test('a name that is not there, and an expression that throws', async () => {
    expect(await evaluate('nowhere')).toMatchObject({ unknown: 'no such name' })
    expect(await evaluate('nothing.at.all')).toMatchObject({ unknown: 'cannot be read here' })
  })

  test('members include private ones', async () => {
    const members = await values.ask({ ask: 'members', object: await object('this') })
    if (!('known' in members)) throw new Error('no members')
    expect(members.known.map(({ name }) => name).sort()).toEqual(['#secret', 'open'])
  })

  test('an expression over an object, with others beside it', async () => {
    const self = await object('this')
    const cell = await object('cell')
    expect(await values.ask({ ask: 'on', object: self, expression: 'self.open.length' })).toMatchObject({
      known: { value: 1 },
    })
    expect(
      await values.ask({ ask: 'on', object: self, expression: 'other0[0]', others: [cell] }),
    ).toMatchObject({
      known: { value: 7 },
    })
  })

  test('what a function closes over, and where it was written', async () => {
    const closed = await values.ask({ ask: 'closure', function: await object('callback') })
    if (!('known' in closed)) throw new Error('no closure')
    expect(closed.known.find(({ name }) => name === 'captured')).toMatchObject({
      value: { known: { value: 'caught' } },
    })
    expect(await values.ask({ ask: 'place', function: await object('callback') })).toMatchObject({
      known: { line: 16, script: expect.stringContaining('values-of-every-kind.mjs') },
    })
    expect(await values.ask({ ask: 'place', function: await object('bound') })).toMatchObject({
      known: { line: 16, bound: { arguments: [{ kind: 'number', value: 1 }] } },
    })
  })

  test('words: one buffer under two views is one store; a different one is another', async () => {
    const [one, two, other] = await Promise.all([
      object('cell'),
      object('sameBuffer'),
      object('this.#secret'),
    ])
    const [a, b, c] = await Promise.all([
      values.ask({ ask: 'word', array: one, index: 0 }),
      values.ask({ ask: 'word', array: two, index: 0 }),
      values.ask({ ask: 'word', array: other, index: 0 }),
    ])
    if (!('known' in a && 'known' in b && 'known' in c)) throw new Error('no word')
    expect(a.known).toMatchObject({ byte: 8, value: 7, shared: true, arrayType: 'Int32Array' })
    expect(b.known).toMatchObject({
      byte: 8,
      value: 7n,
      shared: true,
      arrayType: 'BigInt64Array',
      buffer: a.known.buffer,
    })
    expect(c.known.buffer).not.toBe(a.known.buffer)
    expect(await values.ask({ ask: 'word', array: one, index: 500 })).toMatchObject({
      unknown: 'no such name',
    })
  })

  test('all questions of one tick are one wave', async () => {
    const before = values.waves
    await Promise.all(['1', '2', '3', 'text + 1', 'count + 1'].map(evaluate))
    expect(values.waves).toBe(before + 1)
  })
})
