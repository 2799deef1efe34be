import { describe, expect, test } from 'vitest'
import { instructionsOf, opcode, waitAt } from '../../src/sources/wasm/instructions.ts'
import { WasmModule } from '../../src/sources/wasm/wasm-module.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

const { assemble, isValid, op } = await import(fixturePath('wasm/assembler.mjs'))

describe('a WebAssembly module', () => {
  const bytes: Uint8Array = assemble({
    imports: { log: { params: ['i32', 'i32'] } },
    globals: 1,
    functions: [
      { name: 'first', body: [] },
      {
        name: 'second',
        params: ['i32'],
        locals: ['i64'],
        body: [
          op.localGet(0),
          op.i32Const(-200),
          op.i64Const(-1),
          op.wait32(300),
          op.drop,
          op.localGet(0),
          op.i32Const(1),
          op.call('log'),
        ],
      },
    ],
  })
  const module = WasmModule.read(bytes)!

  test('is accepted by the engine, and its functions lie where their bytes are', () => {
    expect(isValid(bytes)).toBe(true)
    expect(module.importedFunctions).toBe(1)
    expect(module.functions.map(({ index }) => index)).toEqual([1, 2])
    const second = module.functionOf(2)!
    expect(module.functionAt(second.start)).toBe(second)
    expect(module.functionAt(second.end)).toBeUndefined()
    expect(module.signatureOf(0)).toEqual({ parameters: 2, results: 0 })
    expect(module.functionOf(0)).toBeUndefined()
  })

  test('gives up its instructions with their constants, offsets and effects on the stack', () => {
    const instructions = instructionsOf(module, module.functionOf(2)!)!
    expect(instructions.map(({ code, value }) => [code, value])).toEqual([
      [opcode.localGet, 0],
      [opcode.i32Const, -200],
      [opcode.i64Const, -1],
      [opcode.wait32, 300],
      [0x1a, 0],
      [opcode.localGet, 0],
      [opcode.i32Const, 1],
      [opcode.call, 0],
      [opcode.end, 0],
    ])
    const [wait, call] = [instructions[3]!, instructions[7]!]
    expect([wait.takes, wait.puts, call.takes, call.puts]).toEqual([3, 1, 2, 0])
    expect(waitAt(bytes, wait.at)).toBe('memory.atomic.wait32')
    expect(waitAt(bytes, wait.at - 1)).toBeUndefined()
  })

  test('that is none, or is cut off anywhere, is refused without an exception', () => {
    expect(WasmModule.read(new Uint8Array([1, 2, 3]))).toBeUndefined()
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => WasmModule.read(bytes.subarray(0, length))).not.toThrow()
  })
})
