/**
 * Random lock programs, run for real: what is said about each must be what its generator knows of it. See
 * scenario.ts for what they are made of.
 *
 * `IMPASSE_PROGRAMS=2000` runs so many (200 otherwise), from `IMPASSE_FIRST_SEED` on; `IMPASSE_SEED=42` runs one and
 * says where it lies.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkPrograms, seedsFrom } from './lock-programs.ts'

/** Seeds that once showed a fault, whatever else is run. */
const failedOnce = [
  // A callback that returns from a `try` comes through the `finally` that releases.
  4, 40,
  // The word of a ticket lock is at `at + 1`.
  11, 32,
  // A semaphore whose units cannot be counted was nobody's fault at all.
  10, 17, 55,
]

const folder = join(tmpdir(), `impasse-lock-programs-${process.pid}`)
const one = process.env.IMPASSE_SEED
const first = Number(process.env.IMPASSE_FIRST_SEED ?? 1)
const seeds =
  one === undefined
    ? seedsFrom(first, Number(process.env.IMPASSE_PROGRAMS ?? 200), failedOnce)
    : [Number(one)]

test(`${seeds.length} random lock programs`, { timeout: 60_000 + seeds.length * 5000 }, async () => {
  const { text, bad } = await checkPrograms(seeds, process.execPath, folder, one !== undefined)
  console.log(text)
  expect(bad).toEqual([])
})
