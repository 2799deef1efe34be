import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Minutes of random programs: `npm run property`.
    exclude: ['test/property/**', 'node_modules/**'],
    pool: 'forks',
    // Real programs on a loaded machine: a look may come before they stand where they will stay.
    retry: process.env.CI ? 2 : 0,
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
