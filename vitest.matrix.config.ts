import { defineConfig } from 'vitest/config'

/** The same fixtures on every Node version of the matrix: `npm run nodes` installs them first. */
export default defineConfig({
  test: {
    include: ['test/matrix/**/*.matrix.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
