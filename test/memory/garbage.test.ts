/** Memory with flipped bits: a reading of it fails with a reason, or shows functions that are on the true stack. */
import { readFileSync, readlinkSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { AddressMap } from '../../src/memory/address-map.ts'
import { Images } from '../../src/memory/images.ts'
import { LiveMemory } from '../../src/memory/live-memory.ts'
import { readStack } from '../../src/memory/stack-functions.ts'
import { isUnknown } from '../../src/snapshot/model.ts'
import { Random } from '../property/random.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { DamagedMemory, scriptsOf, stackOf } from './support.ts'

const programs = [
  ['memory/every-kind-of-function.cjs', 'park'],
  ['wasm/reentered-mutex.mjs', 'lock'],
] as const
const cases = targetNodes().flatMap(({ path, major }) =>
  programs.map(([file, innermost]) => ({ path, major, file, innermost })),
)

test.each(cases)('Node $major, $file: a hundred damaged readings', async ({ path, file, innermost }) => {
  const fixture = await startFixture(file, { node: path })
  const { pid } = fixture
  const truth = await stackOf(fixture, ({ functions }) => functions[0]?.function === innermost)
  const names = new Set(truth.functions.map(({ function: name }) => name))
  const [sp, pc] = readFileSync(`/proc/${pid}/syscall`, 'utf8').trim().split(' ').slice(-2).map(Number) as [
    number,
    number,
  ]
  const live = LiveMemory.open(pid, 2 ** 40)
  if (isUnknown(live)) throw new Error(live.unknown)
  onTestFinished(() => live.close())
  const map = new AddressMap(readFileSync(`/proc/${pid}/maps`, 'utf8'))
  const random = new Random(18)
  let failed = 0
  let whole = 0
  for (let round = 0; round < 100; round++) {
    const memory = new DamagedMemory(live, random, [1, 4, 16, 64][round % 4]!)
    const images = Images.open(pid, readlinkSync(`/proc/${pid}/exe`), map, memory)!
    const stack = scriptsOf(readStack(memory, map, images, { pc, sp }))
    images.close()
    if (isUnknown(stack)) {
      expect(stack.unknown).not.toBe('')
      failed += 1
    } else if (stack.functions.every(({ function: name }) => names.has(name))) whole += 1
    expect(memory.left).toBeGreaterThanOrEqual(0)
  }
  expect(failed).toBeGreaterThan(33)
  expect(failed + whole).toBeGreaterThan(66)
})
