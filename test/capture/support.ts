import { readdirSync } from 'node:fs'
import { restMark } from '../../src/memory/thread-stack.ts'
import { numbersIn } from '../../src/process/proc.ts'
import { isUnknown } from '../../src/snapshot/model.ts'
import type { Fixture } from '../support/spawn-fixture.ts'

/** Waits until a condition holds; fails after a deadline. */
export async function until(condition: () => boolean, deadlineMs = 5000): Promise<void> {
  const end = Date.now() + deadlineMs
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${condition}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** Resolves when a program has made progress since now. */
export async function progress(fixture: Fixture): Promise<void> {
  const before = fixture.stdout().length
  await until(() => fixture.stdout().length > before + 20)
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Until none of its threads has left its wait for a while. */
export async function asleep(pid: number): Promise<void> {
  const marks = () => {
    const tids = numbersIn(`/proc/${pid}/task`)
    if (isUnknown(tids)) throw new Error(tids.unknown)
    return tids.map(tid => restMark(pid, tid) ?? Math.random()).join()
  }
  for (let round = 0; round < 50; round++) {
    const before = marks()
    await new Promise(resolve => setTimeout(resolve, 200))
    if (before === marks()) return
  }
  throw new Error('it does not come to rest')
}
