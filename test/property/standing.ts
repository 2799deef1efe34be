/** When the threads of a program have come to where they stay. */
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Resolves when all kernel threads but `computing` ones sleep, and none of them has left its sleep between two looks.
 * A thread that was just notified is runnable, so this is no guess: whoever is still on its way is seen.
 */
export async function untilStanding(pid: number, computing: number, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs
  let before: string | undefined
  while (performance.now() < end) {
    const now = sleepers(pid, computing)
    if (now !== undefined && now === before) return
    before = now
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`The threads of ${pid} do not come to stand within ${deadlineMs} ms.`)
}

/** The sleeping threads with their context switches; undefined while more run than may. */
function sleepers(pid: number, computing: number): string | undefined {
  const asleep: string[] = []
  let running = 0
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    let status: string
    try {
      status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8')
    } catch {
      return undefined
    }
    if (/^State:\s+R/m.test(status)) running += 1
    else asleep.push(`${tid} ${/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]}`)
  }
  return running > computing ? undefined : asleep.join()
}
