import { closeSync, openSync, readSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { ElfImage } from '../../src/memory/elf-image.ts'
import { UnwindTable } from '../../src/memory/unwind-table.ts'
import { Random } from '../property/random.ts'

const fd = openSync('/proc/self/exe', 'r')
const image = ElfImage.ofFile(fd)!

test('symbols, segments, the build and the unwind table of this Node', () => {
  expect(image.dynamicSymbols(['v8dbg_']).size).toBeGreaterThan(300)
  expect([...image.dynamicSymbols(['v8dbg_TaggedSize']).keys()].sort()).toEqual([
    'v8dbg_TaggedSize',
    'v8dbg_TaggedSizeLog2',
  ])
  const unwind = UnwindTable.of(image)!
  const start = image.dynamicSymbols(['uv_run']).get('uv_run')!
  const row = unwind.row(start.address)
  expect(row?.start).toBe(start.address)
  expect(row?.frame).toEqual({ register: 7, offset: 8 })
  expect(row?.returnAddress).toEqual({ at: 'saved', offset: -8 })
  expect(unwind.row(start.address + start.size - 1)?.start).toBe(start.address)
  expect(unwind.row(unwind.longestGap.from + 2 ** 20)).toBeUndefined()
  expect(unwind.longestGap.to - unwind.longestGap.from).toBeGreaterThan(500_000)
})

test('an image that is cut off or made of other bytes is none', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(64), Buffer.from('\x7fELF'), Buffer.alloc(4096, 0xff)]) {
    expect(ElfImage.of(readerOf(bytes))).toBeUndefined()
  }
})

test('three thousand damaged images: no exception, no long reading', () => {
  const random = new Random(20261122)
  const head = Buffer.alloc(4096)
  readSync(fd, head, 0, head.length, 0)
  for (let round = 0; round < 3000; round++) {
    const damaged = Buffer.from(head)
    const places = random.between(1, 12)
    for (let count = 0; count < places; count++) {
      // Most hits in the headers, which everything hangs on.
      const at = random.between(0, random.chance(0.5) ? 63 : 1023)
      damaged[at] = random.chance(0.3) ? 0xff : random.between(0, 255)
    }
    let read = 0
    const reader = (at: number, length: number): Buffer | undefined => {
      if (!Number.isSafeInteger(at) || at < 0 || length > 96 * 2 ** 20 || length < 0) return undefined
      read += length
      if (at + length <= damaged.length) return damaged.subarray(at, at + length)
      // What lies behind the headers is garbage of its own, of which there is not much.
      if (length > 2 ** 20) return undefined
      const bytes = Buffer.allocUnsafe(length)
      for (let index = 0; index < length; index += 4) bytes[index] = random.between(0, 255)
      return bytes
    }
    const broken = ElfImage.of(reader)
    if (broken === undefined) continue
    broken.dynamicSymbols(['v8dbg_'])
    broken.allSymbols(['v8dbg_'])
    expect(broken.buildId ?? '').toBeTypeOf('string')
    UnwindTable.of(broken)?.row(0x1000000)
    expect(read).toBeLessThan(400 * 2 ** 20)
  }
})

test('three thousand damaged unwind entries: no exception', () => {
  const random = new Random(7)
  const whole = UnwindTable.of(image)!
  const { address } = image.dynamicSymbols(['uv_run']).get('uv_run')!
  expect(whole.row(address)).toBeDefined()
  let survived = 0
  for (let round = 0; round < 3000; round++) {
    const damaged = ElfImage.of((at, length) => {
      const bytes = Buffer.alloc(length)
      if (length > 8 * 2 ** 20 || readSync(fd, bytes, 0, length, at) !== length) return undefined
      // Only short readings are entries.
      if (length < 200 && at > 4096) {
        const index = random.between(0, length - 1)
        bytes[index] = bytes[index]! ^ (1 << random.between(0, 7))
      }
      return bytes
    })!
    if (UnwindTable.of(damaged)?.row(address) !== undefined) survived += 1
  }
  expect(survived).toBeLessThan(3000)
}, 60_000)

afterAll(() => closeSync(fd))

function readerOf(bytes: Buffer) {
  return (at: number, length: number) =>
    at + length <= bytes.length ? bytes.subarray(at, at + length) : undefined
}
