/** Ends every process of a tree: asked first, then told, nothing left behind. */
import { sleep } from '../capture/clock.ts'
import { readStat, type Stat } from '../process/stat.ts'
import type { ProcessTree } from '../process/tree.ts'

export interface Ending {
  /** Pids that ended after SIGTERM, and those that had to be killed. */
  readonly asked: readonly number[]
  readonly killed: readonly number[]
  /** Still there after SIGKILL: stuck in the kernel, or somebody else's to end. */
  readonly left: readonly number[]
}

/** A process that cannot handle a signal (its main thread stands still) gets no more than this, milliseconds. */
const DEAF_GRACE_MS = 300
/** How long a killed process may take to go. */
const KILL_MS = 2000

/**
 * `deaf`: the pids whose main thread is known to stand still, so that it will never handle a signal. Each process is
 * checked by its start time right before it gets a signal.
 */
export async function endTree(
  tree: ProcessTree,
  graceMs: number,
  deaf: ReadonlySet<number> = new Set(),
): Promise<Ending> {
  const asked = new Map<number, number>()
  const begun = performance.now()
  const killed = new Set<number>()
  for (;;) {
    const living = tree.living(true)
    if (living.length === 0) break
    const elapsed = performance.now() - begun
    if (elapsed > graceMs + KILL_MS) break
    for (const stat of living) {
      const since = asked.get(stat.id)
      if (since === undefined) {
        asked.set(stat.id, elapsed)
        signal(stat, 'SIGTERM')
        // A stopped process handles nothing before it goes on.
        if (stat.state === 'T') signal(stat, 'SIGCONT')
      } else if (elapsed - since >= (deaf.has(stat.id) ? Math.min(DEAF_GRACE_MS, graceMs) : graceMs)) {
        killed.add(stat.id)
        signal(stat, 'SIGKILL')
      }
    }
    await sleep(elapsed < 200 ? 10 : 40)
  }
  const left = tree.living(true).map(({ id }) => id)
  return { asked: [...asked.keys()].filter(pid => !killed.has(pid)), killed: [...killed], left }
}

function signal({ id, startTicks }: Stat, name: NodeJS.Signals): void {
  if (readStat(id)?.startTicks !== startTicks) return
  try {
    process.kill(id, name)
  } catch {
    // It has ended meanwhile, or belongs to another user: `left` tells.
  }
}
