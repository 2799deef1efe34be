/** The test that a runner says it runs: for a test that waits for a promise, no stack shows it. */
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import type { CurrentTest } from '../snapshot/model.ts'

/** Plain reads of what vitest keeps on the global object for its own use (vitest/dist, NAME_WORKER_STATE). */
const CURRENT_TEST = `(() => {
  const state = globalThis.__vitest_worker__
  const titles = []
  for (let task = state?.current; task && task.file !== task && titles.length < 20; task = task.suite)
    titles.unshift(String(task.name))
  return [String(state?.filepath ?? ''), ...titles]
})()`

/** Undefined where no runner is known to be at work. */
export async function currentTest(
  thread: InspectedThread,
  deadlineMs: number,
): Promise<CurrentTest | undefined> {
  const read = await thread.evaluate(CURRENT_TEST, deadlineMs)
  if (!Array.isArray(read) || typeof read[0] !== 'string' || read[0] === '') return undefined
  const [file, ...titles] = read.map(String)
  return { file: file!, titles }
}
