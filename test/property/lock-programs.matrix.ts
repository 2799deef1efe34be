/** Fewer of the random lock programs on each other Node version (`IMPASSE_PROGRAMS` tells how many). */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { targetNodes } from '../support/node-versions.ts'
import { checkPrograms, seedsFrom } from './lock-programs.ts'

const seeds = seedsFrom(1, Number(process.env.IMPASSE_PROGRAMS ?? 30), [])

describe.each(targetNodes())('on Node $major', ({ major, path }) => {
  test(`${seeds.length} random lock programs`, { timeout: 60_000 + seeds.length * 5000 }, async () => {
    const folder = join(tmpdir(), `impasse-lock-programs-${process.pid}-${major}`)
    const { text, bad } = await checkPrograms(seeds, path, folder)
    console.log(`Node ${major}: ${text}`)
    expect(bad).toEqual([])
  })
})
