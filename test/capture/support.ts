import { readdirSync } from 'node:fs'
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
