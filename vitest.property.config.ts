import { defineConfig } from 'vitest/config'

/**
 * Random lock programs, run for real, on the Node of the machine and fewer on each of the matrix: IMPASSE_PROGRAMS says
 * how many, IMPASSE_SEED asks for one.
 */
export default defineConfig({
  test: {
    include: ['test/property/**/*.test.ts', 'test/property/**/*.matrix.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 1_800_000,
  },
})
