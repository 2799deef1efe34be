/** A reporter for vitest 3 and later that prints nothing and tells `impasse run` which tests run: `--reporter=impasse/vitest`. */
import { RunningTests } from '../running-tests.ts'

/** What is used of vitest's task (https://vitest.dev/api/advanced/test-case). */
interface TestCase {
  readonly id: string
  readonly name: string
  readonly module: { readonly moduleId: string }
  readonly parent: Suite
}

interface Suite {
  readonly type: string
  readonly name?: string
  readonly parent?: Suite
}

export default class ImpasseReporter {
  readonly #running = new RunningTests()

  onTestCaseReady(test: TestCase): void {
    const titles = [test.name]
    for (let suite: Suite | undefined = test.parent; suite?.type === 'suite'; suite = suite.parent)
      titles.unshift(suite.name ?? '')
    this.#running.begins(test.id, { file: test.module.moduleId, titles })
  }

  onTestCaseResult(test: TestCase): void {
    this.#running.ends(test.id)
  }
}
