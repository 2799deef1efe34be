/** What is not read from memory is refused with a sentence that says why, and what to do. */
import { closeSync, openSync, readSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { AddressMap } from '../../src/memory/address-map.ts'
import { ElfImage } from '../../src/memory/elf-image.ts'
import { unwalked } from '../../src/memory/stack-functions.ts'
import { isMeasured, readLayout } from '../../src/memory/v8/layout.ts'
import { whyNotTraced } from '../../src/process/trace-permission.ts'
import { isUnknown } from '../../src/snapshot/model.ts'
import { Random } from '../property/random.ts'

const fd = openSync('/proc/self/exe', 'r')
afterAll(() => closeSync(fd))

/** This Node, with some bytes of its file replaced. */
function doctored(patches: ReadonlyMap<number, Buffer>): ElfImage | undefined {
  return ElfImage.of((at, length) => {
    const bytes = Buffer.alloc(length)
    if (readSync(fd, bytes, 0, length, at) !== length) return undefined
    for (const [from, patch] of patches)
      for (const [index, byte] of patch.entries())
        if (from + index >= at && from + index < at + length) bytes[from + index - at] = byte
    return bytes
  })
}

function offsetOf({ segments }: ElfImage, address: number): number {
  const segment = segments.find(one => address >= one.address && address < one.address + one.fileSize)!
  return address - segment.address + segment.offset
}

function numberIn(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** With another value of one of the numbers that V8 exports. */
function withNumber(name: string, value: number): ElfImage {
  const image = ElfImage.ofFile(fd)!
  const { address } = image.dynamicSymbols([name]).get(name)!
  return doctored(new Map([[offsetOf(image, address), numberIn(value)]]))!
}

describe('builds that are not read', () => {
  test('for another processor', () => {
    // e_machine: 183 is AArch64.
    expect(doctored(new Map([[18, Buffer.from([183, 0])]]))).toBeUndefined()
    expect(doctored(new Map())).toBeDefined()
  })

  test('with compressed pointers', () => {
    const layout = readLayout(withNumber('v8dbg_TaggedSize', 4))
    expect(layout).toEqual({ unknown: expect.stringMatching(/compresses pointers/) })
  })

  test('an older V8, and one that is not known yet', () => {
    const major = '_ZN2v88internal7Version6major_E'
    expect(readLayout(withNumber(major, 9))).toEqual({
      unknown: expect.stringMatching(/\(9\.\d+\) is older/),
    })
    const later = readLayout(withNumber(major, 99))
    if (isUnknown(later)) throw new Error(later.unknown)
    expect(isMeasured(later)).toBe(false)
    expect(isMeasured(readLayout(ElfImage.ofFile(fd)!) as typeof later)).toBe(true)
  })

  test('whose tables are damaged: refused with a reason, or read', () => {
    const random = new Random(20261127)
    const image = ElfImage.ofFile(fd)!
    const symbols = [...image.dynamicSymbols(['v8dbg_', '_ZN2v88internal7Version6m']).values()].filter(
      ({ address }) =>
        image.segments.some(one => address >= one.address && address < one.address + one.fileSize),
    )
    expect(symbols.length).toBeGreaterThan(300)
    for (let round = 0; round < 300; round++) {
      const patches = new Map<number, Buffer>()
      for (let count = random.between(1, 20); count > 0; count--) {
        const { address } = symbols[random.between(0, symbols.length - 1)]!
        const value = random.chance(0.5) ? random.between(0, 200) : random.between(-(2 ** 31), 2 ** 31 - 1)
        patches.set(offsetOf(image, address), numberIn(value))
      }
      const layout = readLayout(doctored(patches)!)
      if (isUnknown(layout)) expect(layout.unknown).not.toBe('')
    }
  }, 60_000)

  test('for musl', () => {
    const area = '7f0000000000-7f0000001000 r-xp 00000000 00:00 1 '
    expect(unwalked(new AddressMap(`${area}/lib/ld-musl-x86_64.so.1\n`))).toMatch(/musl/)
    expect(unwalked(new AddressMap(`${area}/lib/ld-linux-x86-64.so.2\n`))).not.toMatch(/musl/)
  })
})

test.each([
  ['0', /same user.*sudo impasse 42.*SYS_PTRACE/],
  ['', /same user.*sudo impasse 42/],
  ['1\n', /ptrace_scope 1.*sudo impasse 42/],
  ['2\n', /ptrace_scope 2.*CAP_SYS_PTRACE.*sudo impasse 42/],
  ['3\n', /ptrace_scope 3.*nobody.*impasse core/],
])('a kernel that does not let memory be read, Yama %j', (scope, sentence) => {
  expect(whyNotTraced(42, scope)).toMatch(sentence)
})
