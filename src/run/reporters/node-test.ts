/**
 * A reporter for node:test that prints nothing and tells `impasse run` which tests run:
 * `node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=impasse/node-test
 * --test-reporter-destination=stderr`.
 */
import { RunningTests } from '../running-tests.ts'

/** What is used of an event (https://nodejs.org/api/test.html#class-testsstream). */
interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name?: string
    readonly nesting?: number
    readonly file?: string
    readonly line?: number
    readonly column?: number
  }
}

interface Open {
  readonly key: string
  readonly file: string
  readonly titles: readonly string[]
  readonly nesting: number
}

/** Tests are dequeued at once, whatever order they are reported in (Node 18 to 26). */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<never> {
  const running = new RunningTests()
  const open = new Map<string, Open>()
  for await (const { type, data } of source) {
    const file = data.file?.replace(/^file:\/\//, '')
    if (file === undefined || data.name === undefined || data.nesting === undefined) continue
    const key = [file, data.line, data.column, data.nesting, data.name].join('\n')
    if (type === 'test:dequeue') {
      // The file as a test of its own is no test of anybody.
      if (data.nesting === 0 && (file === data.name || file.endsWith(`/${data.name}`))) continue
      const around = [...open.values()].findLast(
        one => one.file === file && one.nesting === data.nesting! - 1,
      )
      const titles = [...(around?.titles ?? []), data.name]
      if (around) running.ends(around.key)
      open.set(key, { key, file, titles, nesting: data.nesting })
      running.begins(key, { file, titles })
    } else if (type === 'test:complete' || type === 'test:pass' || type === 'test:fail') {
      open.delete(key)
      running.ends(key)
    }
  }
}
