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

/** Seeds that once showed a fault, whatever else is run. A change of the generator makes other programs of them. */
const failedOnce = [
  // Counting up the word of a barrier was taken for a release of the locks.
  15, 35, 142, 193,
  // Hand over hand along a list: a release whose receiver could not be read left a hold that was believed.
  108, 373,
  // A hold that may be over was counted as one more to give back.
  146,
  // The guard of the acquisition in progress was not counted as its release.
  31, 66, 97, 173, 181, 182, 204, 223,
  // A parameter that optimised code had dropped: its caller still has what it passed.
  170,
  // A lock given back in the action of a `with` function, which only runs it: no callback that may come at any time.
  184,
  427,
  // Releases that belong to a try, to what another function calls, or to the function around an action.
  254, 422, 822, 993,
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
