import { defineConfig } from 'vitest/config'

/** The same fixtures on every Node version of the matrix: `npm run nodes` installs them first. */
export default defineConfig({
  test: {
    include: ['test/matrix/**/*.matrix.ts'],
    pool: 'forks',
    // Real programs on a loaded machine: a look may come before they stand where they will stay.
    retry: process.env.CI ? 2 : 0,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
