// Adds up vitest's JSON results: `node summary.js <failed steps> <file…>` prints one line and exits 1 if anything failed.
import { existsSync, readFileSync } from 'node:fs'

const [failedSteps, ...files] = process.argv.slice(2)
let passed = 0
let failed = Number(failedSteps) > 0 ? 1 : 0
let skipped = 0
for (const file of files) {
  if (!existsSync(file)) {
    failed += 1
    continue
  }
  const result = JSON.parse(readFileSync(file, 'utf8'))
  passed += result.numPassedTests
  failed += result.numFailedTests
  skipped += result.numPendingTests + result.numTodoTests
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed === 0 ? 0 : 1
