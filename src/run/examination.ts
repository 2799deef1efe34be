/** A look at every process of a tree, bounded whatever the processes do. */
import { timeLimit } from '../capture/clock.ts'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import type { ProcessTree } from '../process/tree.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { readRunningTests, withRunningTests } from './running-tests.ts'

export interface Examination {
  readonly snapshot: Snapshot
  readonly diagnosis: Diagnosis
  /** What could not be looked at, full sentences. */
  readonly failures: readonly string[]
}

/** Why there is no examination, a full sentence. */
export interface NotExamined {
  readonly why: string
}

/** Stuck, spinning and slow are told apart by three looks, this far apart: a burst of work does not hide a loop. */
const LOOKS = 3
const BETWEEN_LOOKS_MS = 1000
/** A look that was asked for in haste: before a signal is passed on. */
const HASTY = { looks: 2, betweenLooksMs: 50 }
/** Reading and putting together may take this much longer than the looks themselves. */
const RENDER_MS = 2000

/**
 * Never rejects, and never takes longer than `limitMs` and two seconds more.
 *
 * @param token that of the run, by which reporters tell which tests run
 */
export async function examine(
  tree: ProcessTree,
  limitMs: number,
  hasty: boolean,
  token?: string,
): Promise<Examination | NotExamined> {
  const pids = tree.living(true).map(({ id }) => id)
  if (pids.length === 0)
    return { why: 'All processes of the command have ended before they could be looked at.' }
  const tooLate = timeLimit(limitMs + RENDER_MS).then(() => ({
    why: `The look at ${pids.length} processes did not come to an end within ${limitMs + RENDER_MS} ms.`,
  }))
  return Promise.race([look(pids, limitMs, hasty, token), tooLate])
}

async function look(
  pids: readonly number[],
  limitMs: number,
  hasty: boolean,
  token: string | undefined,
): Promise<Examination | NotExamined> {
  try {
    const [{ capture }, { diagnose }] = await Promise.all([
      import('../capture/capture.ts'),
      import('../diagnosis/diagnose.ts'),
    ])
    const failures: string[] = []
    const seen = await capture(pids, {
      ...(hasty ? HASTY : { looks: LOOKS, betweenLooksMs: BETWEEN_LOOKS_MS }),
      timeoutMs: limitMs,
      others: true,
      onFailure: (_, error) => failures.push(error.message),
    })
    const snapshot = token === undefined ? seen : withRunningTests(seen, readRunningTests(token))
    return { snapshot, diagnosis: diagnose(snapshot), failures }
  } catch (error) {
    return { why: `The processes could not be looked at: ${(error as Error).message}` }
  }
}

/** The processes whose main thread stands still: they will handle no signal. */
export function deafProcesses({ snapshot }: Examination): ReadonlySet<number> {
  return new Set(
    snapshot.processes.flatMap(({ pid, threads }) => {
      const main = threads.find(({ role }) => role === 'main')
      const kind = main?.looks.at(-1)?.activity.kind
      return kind !== undefined && kind !== 'event-loop' && kind !== 'unknown' ? [pid] : []
    }),
  )
}
