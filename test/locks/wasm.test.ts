import { describe, expect, test } from 'vitest'
import { heldWords } from '../../src/locks/wasm/held.ts'
import { ModuleCode } from '../../src/locks/wasm/touches.ts'
import { WasmModule } from '../../src/sources/wasm/wasm-module.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

const { assemble, isValid, op } = await import(fixturePath('wasm/assembler.mjs'))
const { lock, unlock } = await import(fixturePath('wasm/mutex.mjs'))

type Part = readonly number[] | { readonly call: string }

/** The addresses that `body` holds at its call of the imported function `out`, with the mutex functions to call. */
function heldIn(body: readonly Part[], more: { locals?: string[]; functions?: object[] } = {}) {
  const bytes = assemble({
    imports: { out: {} },
    functions: [
      lock,
      unlock,
      ...(more.functions ?? []),
      { name: 'body', params: ['i32'], locals: more.locals, body },
    ],
  })
  expect(isValid(bytes)).toBe(true)
  const code = new ModuleCode(WasmModule.read(bytes)!)
  const index = 3 + (more.functions?.length ?? 0)
  const position = code
    .code(index)!
    .steps.find(({ instruction }) => instruction.code === 0x10 && instruction.value === 0)!
  return heldWords(code, index, position.number).map(({ address }) => address)
}

const [take, give, out] = [
  [op.localGet(0), op.call('lock')],
  [op.localGet(0), op.call('unlock')],
  [op.call('out')],
]
const parameter = { kind: 'parameter', index: 0 }

describe('a wasm function holds a word', () => {
  test('between taking it and giving it back', () => {
    expect(heldIn([...take, ...out, ...give])).toEqual([parameter])
  })

  test('whose address it adds something to, keeps in a local, or reads from memory', () => {
    const at = (...address: Part[]) => [
      ...address,
      op.localSet(1),
      op.localGet(1),
      op.call('lock'),
      ...out,
      op.localGet(1),
      op.call('unlock'),
    ]
    const locals = ['i32']
    expect(heldIn(at(op.localGet(0), op.i32Const(8), op.i32Add), { locals })).toEqual([
      { kind: 'sum', of: parameter, plus: 8 },
    ])
    expect(heldIn(at(op.i32Const(1024)), { locals })).toEqual([{ kind: 'number', value: 1024 }])
    expect(heldIn(at(op.localGet(0), op.i32Load(12)), { locals })).toEqual([
      { kind: 'load', from: { kind: 'sum', of: parameter, plus: 12 }, memory: 0 },
    ])
  })

  test('that it took in its own code, or after a first try of its own', () => {
    const { body } = lock
    expect(heldIn([...body, ...out, ...give])).toEqual([parameter])
    const first = [
      op.block,
      op.localGet(0),
      op.i32Const(0),
      op.i32Const(1),
      op.atomicCompareExchange(),
      op.i32Eqz,
      op.brIf(0),
      ...take,
      op.end,
    ]
    expect(heldIn([...first, ...out, ...give])).toEqual([parameter])
  })

  test('for each turn of a loop', () => {
    expect(heldIn([op.loop, ...take, ...out, ...give, op.br(0), op.end])).toEqual([parameter])
  })

  test('when an early way out gave it back only there', () => {
    const failed = [op.localGet(0), op.if, ...give, op.return, op.end]
    expect(heldIn([...take, ...failed, ...out, ...give])).toEqual([parameter])
  })
})

describe('a wasm function does not hold a word', () => {
  test('that it has given back, if only perhaps', () => {
    expect(heldIn([...take, ...give, ...out, ...take, ...give])).toEqual([])
    expect(heldIn([...take, op.localGet(0), op.if, ...give, op.end, ...out, ...give])).toEqual([])
  })

  test('that it takes only in some cases', () => {
    expect(heldIn([op.localGet(0), op.if, ...take, op.end, ...out, ...give])).toEqual([])
    expect(heldIn([op.block, op.localGet(0), op.brIf(0), ...take, op.end, ...out, ...give])).toEqual([])
  })

  test('that it never gives back: another thread does, or it was consumed', () => {
    expect(heldIn([...take, ...out])).toEqual([])
  })

  test('that it still tries for', () => {
    const tries = lock.body.toSpliced(lock.body.length - 3, 0, op.call('out'))
    expect(heldIn([...tries, ...give])).toEqual([])
  })

  test('that a call took and gave back', () => {
    const functions = [{ name: 'both', params: ['i32'], body: [...take, ...give] }]
    expect(heldIn([op.localGet(0), op.call('both'), ...out, ...give], { functions })).toEqual([])
  })

  test('that counts units, or is set to nothing', () => {
    const consume = [
      op.loop,
      op.localGet(0),
      op.i32Const(0),
      op.i64Const(-1),
      op.wait32(),
      op.drop,
      op.localGet(0),
      op.i32Const(0),
      op.atomicExchange(),
      op.i32Eqz,
      op.brIf(0),
      op.end,
    ]
    expect(heldIn([...consume, ...out, ...give])).toEqual([])
  })

  test('whose address changed since, or is not known', () => {
    const address = [
      op.localGet(0),
      op.call('lock'),
      op.i32Const(4),
      op.localSet(0),
      ...out,
      op.localGet(0),
      op.call('unlock'),
    ]
    expect(heldIn(address)).toEqual([])
  })
})
