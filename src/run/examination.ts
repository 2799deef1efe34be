/** A look at every process of a tree, bounded whatever the processes do. */
import { timeLimit } from '../capture/clock.ts'
import type { CaptureOptions } from '../capture/options.ts'
import type { Diagnosis, Status } from '../diagnosis/diagnosis.ts'
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
/** A further look, with the heaps, where nothing else explains why the tree is quiet. */
const HEAPS_MS = 10_000
const idles: ReadonlySet<Status> = new Set(['idle', 'healthy', 'blocked'])

/**
 * Never rejects, and never takes longer than `limitMs` and twelve seconds more.
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
  const most = limitMs + RENDER_MS + (hasty ? 0 : HEAPS_MS)
  const tooLate = timeLimit(most).then(() => ({
    why: `The look at ${pids.length} processes did not come to an end within ${most} ms.`,
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
    const looks = hasty ? HASTY : { looks: LOOKS, betweenLooksMs: BETWEEN_LOOKS_MS }
    const first = await capturedAndDiagnosed(pids, { ...looks, timeoutMs: limitMs, heap: false }, token)
    if (hasty || !idles.has(first.diagnosis.verdict.status)) return first
    // Only where no thread is to blame are the heaps worth their time: what do suspended functions wait for?
    const second = await capturedAndDiagnosed(pids, { ...HASTY, timeoutMs: HEAPS_MS }, token)
    const { status } = second.diagnosis.verdict
    return status === first.diagnosis.verdict.status || status === 'deadlock' || status === 'suspected'
      ? second
      : first
  } catch (error) {
    return { why: `The processes could not be looked at: ${(error as Error).message}` }
  }
}

async function capturedAndDiagnosed(
  pids: readonly number[],
  options: CaptureOptions,
  token: string | undefined,
): Promise<Examination> {
  const [{ capture }, { diagnose }] = await Promise.all([
    import('../capture/capture.ts'),
    import('../diagnosis/diagnose.ts'),
  ])
  const failures: string[] = []
  const seen = await capture(pids, {
    ...options,
    others: true,
    onFailure: (_, error) => failures.push(error.message),
  })
  const snapshot = token === undefined ? seen : withRunningTests(seen, readRunningTests(token))
  return { snapshot, diagnosis: diagnose(snapshot), failures }
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
