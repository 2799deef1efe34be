import { defineConfig } from 'vitest/config'

/** Random lock programs, run for real: IMPASSE_PROGRAMS says how many, IMPASSE_SEED asks for one. */
export default defineConfig({
  test: { include: ['test/property/**/*.test.ts'], pool: 'forks', maxWorkers: 2, testTimeout: 1_800_000 },
})
